//! Reports as Markdown tables and as JSON.

use crate::{measure, threads};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The figures of a lane.
pub(crate) enum Lane {
    Calls(Vec<measure::Row>),
    Threads(usize, Vec<threads::Row>),
}

/// Formats a lane's figures as a Markdown table.
pub(crate) fn table(name: &str, lane: &Lane) -> String {
    let mut text = format!("\n{name}\n\n");
    match lane {
        Lane::Calls(rows) => {
            text.push_str(
                "| handler | instance | floor us | interface us | interface / floor | app us | app / floor | floor / floor |\n\
                 |---|---|---|---|---|---|---|---|\n",
            );
            for row in rows {
                let ratio =
                    |[low, ratio, high]: [f64; 3]| format!("{ratio:.2} ({low:.2} to {high:.2})");
                let _ = writeln!(
                    text,
                    "| {} | {} | {:.2} | {:.2} | {} | {:.2} | {} | {} |",
                    row.case,
                    row.mode.name(),
                    row.floor[1],
                    row.interface[1],
                    ratio(row.interface_ratio),
                    row.app[1],
                    ratio(row.app_ratio),
                    ratio(row.noise),
                );
            }
        }
        Lane::Threads(threads, rows) => {
            let _ = write!(
                text,
                "| hello | instance | 1 thread, calls/s | {threads} threads, calls/s | ratio | p10 to p90 |\n\
                 |---|---|---|---|---|---|\n",
            );
            for row in rows {
                let [low, ratio, high] = row.ratio;
                let _ = writeln!(
                    text,
                    "| {} | {} | {:.0} | {:.0} | {ratio:.2} | {low:.2} to {high:.2} |",
                    row.subject,
                    row.mode.name(),
                    row.one,
                    row.all,
                );
            }
        }
    }
    text
}

/// Converts a lane's figures to JSON.
pub(crate) fn json(name: &str, lane: &Lane) -> Value {
    let spread =
        |[low, middle, high]: [f64; 3]| json!({ "p10": low, "median": middle, "p90": high });
    let rows: Vec<Value> = match lane {
        Lane::Calls(rows) => rows
            .iter()
            .map(|row| {
                json!({
                    "handler": row.case,
                    "instance": row.mode.name(),
                    "rounds": row.rounds,
                    "floor_us": spread(row.floor),
                    "interface_us": spread(row.interface),
                    "interface_ratio": spread(row.interface_ratio),
                    "app_us": spread(row.app),
                    "app_ratio": spread(row.app_ratio),
                    "noise": spread(row.noise),
                })
            })
            .collect(),
        Lane::Threads(threads, rows) => rows
            .iter()
            .map(|row| {
                json!({
                    "subject": row.subject,
                    "instance": row.mode.name(),
                    "threads": threads,
                    "calls_per_second": { "one": row.one, "all": row.all },
                    "ratio": spread(row.ratio),
                })
            })
            .collect(),
    };
    json!({ "lane": name, "rows": rows })
}
