//! Text report of a soak test.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::thread;

use super::judge::Growth;
use super::kinds::KINDS;
use super::metrics::Metrics;
use super::plan::{CLIENTS, FLAGS, Plan};
use super::tally::Count;
use crate::usage::Usage;

/// The results of one host.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) guest: &'static str,
    pub(super) policy: &'static str,
    pub(super) start: Usage,
    pub(super) growth: Option<Growth>,
    pub(super) peak: u64,
    pub(super) end: Usage,
    pub(super) metrics: Metrics,
    pub(super) counts: BTreeMap<&'static str, Count>,
    pub(super) faults: Vec<String>,
}

/// The report of a soak test.
#[derive(Debug)]
pub struct Report {
    text: String,
    faults: usize,
}

impl Report {
    pub(super) fn new(plan: &Plan, hosts: Vec<Line>) -> Self {
        let mut text = String::new();
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let minutes = plan.time.as_secs_f64() / 60.0;
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "soak: {minutes:.1} minutes, seed {}, {CLIENTS} clients for each of {} hosts, {cores} cores\n\
             each host: spikard-wasm serve GUEST {} --instances POLICY\n",
            plan.seed,
            hosts.len(),
            FLAGS.join(" ")
        );
        text += &requests(&hosts);
        text += &usage(&hosts);
        text += &instances(&hosts);
        if hosts
            .iter()
            .any(|host| host.growth.is_some_and(|growth| !growth.counts))
        {
            text += "The run was too short to check memory growth.\n\n";
        }
        let mut faults = 0;
        for host in &hosts {
            for fault in &host.faults {
                faults += 1;
                let _ = writeln!(text, "{} {}: {fault}", host.guest, host.policy);
            }
        }
        let asked: u64 = counts(&hosts).map(|count| count.asked).sum();
        let verdict = match faults {
            0 => "passed".to_owned(),
            _ => format!("failed, see the {faults} lines above"),
        };
        let _ = writeln!(text, "verdict after {asked} requests: {verdict}");
        Self { text, faults }
    }

    /// Returns true if every check passed.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.faults == 0
    }

    /// Returns the report as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn counts(hosts: &[Line]) -> impl Iterator<Item = Count> {
    hosts.iter().flat_map(|host| host.counts.values().copied())
}

fn requests(hosts: &[Line]) -> String {
    let mut rows = vec![row(["action", "count", "unexpected"])];
    for (_, name, _) in KINDS {
        let of = |host: &Line| host.counts.get(name).copied().unwrap_or_default();
        let asked: u64 = hosts.iter().map(|host| of(host).asked).sum();
        let unexpected: u64 = hosts.iter().map(|host| of(host).unexpected).sum();
        rows.push(row([name, &asked.to_string(), &unexpected.to_string()]));
    }
    table(&rows)
}

fn usage(hosts: &[Line]) -> String {
    let mib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
    let mut rows = vec![row([
        "host",
        "policy",
        "MiB: start",
        "first third",
        "last third",
        "peak",
        "idle",
        "files: start",
        "end",
        "threads: start",
        "end",
    ])];
    for host in hosts {
        let of = |read: fn(Growth) -> u64| host.growth.map(read).map_or("-".to_owned(), mib);
        let (start, end) = (host.start, host.end);
        rows.push(row([
            host.guest,
            host.policy,
            &mib(start.rss),
            &of(|growth| growth.first),
            &of(|growth| growth.last),
            &mib(host.peak),
            &mib(end.rss),
            &start.open_files.to_string(),
            &end.open_files.to_string(),
            &start.threads.to_string(),
            &end.threads.to_string(),
        ]));
    }
    table(&rows)
}

fn instances(hosts: &[Line]) -> String {
    let mut rows = vec![row([
        "host",
        "policy",
        "created",
        "idle",
        "leased",
        "prepared",
        "dropped, by reason",
    ])];
    for host in hosts {
        let metrics = &host.metrics;
        let state = |state: &str| match metrics.instances.is_empty() {
            true => "-".to_owned(),
            false => metrics.state(state).to_string(),
        };
        let created = metrics
            .created
            .map_or("-".to_owned(), |made| made.to_string());
        let reasons = metrics.recycled.iter().filter(|(_, number)| **number > 0);
        let reasons: Vec<String> = reasons
            .map(|(why, number)| format!("{why} {number}"))
            .collect();
        rows.push(row([
            host.guest,
            host.policy,
            &created,
            &state("idle"),
            &state("leased"),
            &state("prepared"),
            &reasons.join(", "),
        ]));
    }
    table(&rows)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// Formats rows as aligned columns, followed by an empty line.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        text += line.join("  ").trim_end();
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let rows = [row(["a", "long one", "c"]), row(["wider", "b", ""])];
        assert_eq!(table(&rows), "a      long one  c\nwider  b\n\n");
    }
}
