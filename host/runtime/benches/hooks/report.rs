//! Reports as Markdown tables and as JSON, in the format of the bench `boundary`.

use crate::subject::Kind;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Microseconds per call, and ratios to the handler: the 10th percentile, the median and the 90th
/// percentile.
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) app: [f64; 3],
    pub(crate) ratio: [f64; 3],
    /// The number of rounds.
    pub(crate) rounds: usize,
}

/// Formats a lane's figures as a Markdown table.
pub(crate) fn table(name: &str, rows: &[Row]) -> String {
    let mut text =
        format!("\n{name}\n\n| call | us | p10 to p90 | of the handler's |\n|---|---|---|---|\n");
    for row in rows {
        let ([low, middle, high], [from, ratio, to]) = (row.app, row.ratio);
        let _ = writeln!(
            text,
            "| {} | {middle:.2} | {low:.2} to {high:.2} | {ratio:.2} ({from:.2} to {to:.2}) |",
            row.kind.name(),
        );
    }
    text
}

/// Converts a lane's figures to JSON.
pub(crate) fn json(name: &str, rows: &[Row]) -> Value {
    let spread =
        |[low, middle, high]: [f64; 3]| json!({ "p10": low, "median": middle, "p90": high });
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "handler": row.kind.name(),
                "instance": "reused instance",
                "rounds": row.rounds,
                "app_us": spread(row.app),
                "call_ratio": spread(row.ratio),
            })
        })
        .collect();
    json!({ "lane": name, "rows": rows })
}
