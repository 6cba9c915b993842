//! Reports as Markdown tables and as JSON.

use crate::common::stats::quantiles;
use crate::measure::Outcome;
use serde_json::{Value, json};

/// Prints a group as a Markdown table.
pub(crate) fn print(outcome: &Outcome) {
    println!(
        "\n{}, {}, {}",
        outcome.lane,
        outcome.case,
        mode(outcome.fresh)
    );
    println!("\n| component | us | ratio | p10 to p90 |\n|---|---|---|---|");
    for sample in &outcome.samples {
        if let Some(failure) = &sample.failure {
            println!("| {} | fails: {failure} | | |", sample.name);
            continue;
        }
        let [low, middle, high] = quantiles(&sample.ratios);
        let [_, time, _] = quantiles(&sample.times);
        println!(
            "| {} | {time:.2} | {middle:.2} | {low:.2} to {high:.2} |",
            sample.name
        );
    }
}

/// Converts all groups to one JSON document.
pub(crate) fn json(outcomes: &[Outcome]) -> Value {
    let group = |outcome: &Outcome| {
        let samples: Vec<Value> = outcome
            .samples
            .iter()
            .map(|sample| {
                if let Some(failure) = &sample.failure {
                    return json!({ "component": sample.name, "failure": failure });
                }
                let [low, middle, high] = quantiles(&sample.ratios);
                let [fast, time, slow] = quantiles(&sample.times);
                json!({
                    "component": sample.name,
                    "rounds": sample.times.len(),
                    "us": { "p10": fast, "median": time, "p90": slow },
                    "ratio": { "p10": low, "median": middle, "p90": high },
                })
            })
            .collect();
        json!({
            "lane": outcome.lane,
            "handler": outcome.case,
            "instance": mode(outcome.fresh),
            "calls_per_batch": outcome.calls,
            "samples": samples,
        })
    };
    json!({ "groups": outcomes.iter().map(group).collect::<Vec<_>>() })
}

fn mode(fresh: bool) -> &'static str {
    if fresh {
        "fresh instance"
    } else {
        "reused instance"
    }
}
