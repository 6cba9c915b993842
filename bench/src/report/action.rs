//! The two JSON formats that github-action-benchmark reads.

use anyhow::Result;
use serde_json::json;

use super::markdown::{name, title};
use super::summary::{METRICS, Summary};

/// Writes `customSmallerIsBetter`: CPU, latency, memory and startup.
pub(super) fn smaller(summary: &Summary) -> Result<Vec<u8>> {
    entries(summary, false)
}

/// Writes `customBiggerIsBetter`: throughput.
pub(super) fn bigger(summary: &Summary) -> Result<Vec<u8>> {
    entries(summary, true)
}

fn entries(summary: &Summary, more_is_better: bool) -> Result<Vec<u8>> {
    let mut entries = Vec::new();
    for group in &summary.groups {
        for line in group.lines.iter().filter(|line| !line.control) {
            for metric in METRICS
                .into_iter()
                .filter(|metric| metric.more_is_better() == more_is_better)
            {
                let (Some(value), Some((low, high))) =
                    (line.figures.get(&metric), line.intervals.get(&metric))
                else {
                    continue;
                };
                entries.push(json!({
                    "name": format!("{}, {}, {}", name(line), title(group), metric.title()),
                    "unit": metric.title(),
                    "value": value,
                    "range": format!("{low:.4} to {high:.4}"),
                    "extra": format!("rounds: {}, void: {}", line.rounds, line.void),
                }));
            }
        }
    }
    Ok(serde_json::to_vec_pretty(&entries)?)
}
