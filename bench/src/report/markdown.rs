//! The summary as Markdown.

use std::fmt::Write as _;

use super::number::number;
use super::summary::{Group, Line, Metric, Summary};
use crate::stats::Verdict;

/// Returns the whole document.
pub(super) fn document(summary: &Summary) -> String {
    let mut text = String::from("# Benchmark\n\n");
    let print = &summary.fingerprint;
    let settings = &summary.settings;
    let _ = writeln!(
        text,
        "{} rounds on {}; {}, {}; load average {:.1} at the start; cores {} for servers with {} workers, {} for the load; \
         seed {}. Source {}{}.\n",
        settings.rounds,
        print.machine(),
        print.kernel,
        if print.virtual_machine {
            "a virtual machine"
        } else {
            "physical machine"
        },
        print.load,
        settings.server_cores,
        settings.workers,
        settings.load_cores,
        settings.seed,
        &print.commit[..print.commit.len().min(12)],
        if print.dirty { " with changes" } else { "" },
    );
    text += "Ratios are medians of the ratios within rounds, with the interval that contains 95 % of the resampled medians. A \
             difference is claimed if that interval excludes 1 and the ratio is further from 1 than the floor and \
             than the interval of the same server measured twice. Memory is the proportional set size of the process tree.\n\n";
    text += "| target | language | kind | version |\n|---|---|---|---|\n";
    for target in &summary.targets {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            target.name,
            target.language,
            target.kind.name(),
            target.version
        );
    }
    for (name, why) in &summary.unavailable {
        let _ = writeln!(
            text,
            "| {name} | | | not measured: {} |",
            why.lines().next().unwrap_or_default()
        );
    }
    for group in &summary.groups {
        let _ = writeln!(text, "\n## {}\n\n{}\n", title(group), group.description);
        text += &table(group);
        for line in &group.lines {
            for why in &line.why {
                let _ = writeln!(text, "\n- {}: {}", name(line), why.replace('\n', " / "));
            }
        }
    }
    text += "\n## Notes on fairness\n\n";
    for target in &summary.targets {
        for note in &target.fairness {
            let _ = writeln!(text, "- {}: {note}", target.name);
        }
    }
    text
}

/// Returns only the tables.
pub(super) fn headline(summary: &Summary) -> String {
    let one = |group: &Group| format!("{}\n{}", title(group), table(group));
    summary
        .groups
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join("\n")
}

pub(super) fn title(group: &Group) -> String {
    let point = if group.point.is_empty() {
        String::new()
    } else {
        format!(", {}", group.point)
    };
    format!("{}, {}{point}", group.workload, group.load)
}

pub(super) fn name(line: &Line) -> String {
    if line.control {
        format!("{} (again)", line.target)
    } else {
        line.target.clone()
    }
}

/// Returns the main metric of a group. If the load generator was the limit for the base,
/// throughput has no meaningful base, and the main metric is CPU time.
pub(super) fn headline_metric(group: &Group) -> Metric {
    use crate::defs::LoadKind;
    let base = group.lines.first();
    match group.kind {
        LoadKind::Closed | LoadKind::Sweep
            if base.is_some_and(|base| base.generator_bound * 2 > base.rounds) =>
        {
            Metric::CpuUs
        }
        LoadKind::Closed | LoadKind::Sweep => Metric::Throughput,
        LoadKind::Cold => Metric::StartupMs,
        _ => Metric::CpuUs,
    }
}

fn table(group: &Group) -> String {
    let metrics = group.metrics();
    let about = headline_metric(group);
    let mut text = String::from("| target | rounds |");
    for metric in &metrics {
        let _ = write!(text, " {} |", metric.title());
    }
    let _ = write!(text, " {} of the base | |\n|---|---|", about.title());
    text += &"---|".repeat(metrics.len() + 2);
    text.push('\n');
    for line in &group.lines {
        let mut rounds = line.rounds.to_string();
        for (number, what) in [
            (line.void, "void"),
            (line.generator_bound, "generator-bound"),
            (line.overloaded, "overloaded"),
        ] {
            if number > 0 {
                let _ = write!(rounds, ", {number} {what}");
            }
        }
        let _ = write!(text, "| {} | {rounds} |", name(line));
        for metric in &metrics {
            let figure = line
                .figures
                .get(metric)
                .map(|figure| number(*figure))
                .unwrap_or_default();
            let _ = write!(text, " {figure} |");
        }
        match line.ratios.get(&about) {
            Some(estimate) => {
                let words = match estimate.verdict {
                    Verdict::Different => String::new(),
                    _ => estimate.words(),
                };
                let _ = writeln!(
                    text,
                    " {:.3} ({:.3} to {:.3}) | {words} |",
                    estimate.ratio, estimate.low, estimate.high
                );
            }
            None => text += " | |\n",
        }
    }
    text
}
