//! A self-contained HTML page with sortable tables, charts and notes on fairness.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;

use super::attribution;
use super::chart::{Axis, Curve, bars, curves, escape};
use super::markdown::{headline_metric, name, title};
use super::number::number;
use super::profile_result::timestamp;
use super::summary::{Group, Metric, Summary};

pub(super) const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Returns the whole page.
pub(super) fn document(summary: &Summary) -> Result<String> {
    let print = &summary.fingerprint;
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Benchmark</title><style>{STYLE}</style></head><body><main><h1>Benchmark</h1><p>{}: {} rounds on {}, {}{}; \
         servers on cores {} with {} worker(s), the load on {}. Source {}{}.</p>",
        timestamp(print.time),
        summary.settings.rounds,
        escape(&print.machine()),
        escape(&print.kernel),
        if print.virtual_machine {
            ", a virtual machine"
        } else {
            ""
        },
        summary.settings.server_cores,
        summary.settings.workers,
        summary.settings.load_cores,
        escape(&print.commit[..print.commit.len().min(12)]),
        if print.dirty { " with changes" } else { "" },
    );
    page += "<p>A ratio is the median of the ratios within rounds, with the interval that contains 95 % of the resampled medians. \
             A difference is claimed if the interval excludes 1 and the ratio is further from 1 than the floor and than \
             the interval of the same server measured twice, the line “again”. Click a heading to sort.</p>";
    let mut workloads: Vec<&str> = Vec::new();
    for group in &summary.groups {
        if !workloads.contains(&group.workload.as_str()) {
            workloads.push(&group.workload);
        }
    }
    page += "<nav>";
    for workload in &workloads {
        let _ = write!(page, "<a href=\"#{workload}\">{workload}</a> ");
    }
    page += "<a href=\"#stages\">stages</a> <a href=\"#targets\">targets</a></nav>";
    for workload in workloads {
        let groups: Vec<&Group> = summary
            .groups
            .iter()
            .filter(|group| group.workload == workload)
            .collect();
        let _ = write!(
            page,
            "<h2 id=\"{workload}\">{workload}</h2><p>{}</p>",
            escape(&groups[0].description)
        );
        for group in &groups {
            page += &section(group);
        }
        page += &sweeps(&groups);
    }
    page += "<h2 id=\"stages\">Time per request by stage</h2><p>For servers that report stages: wall time from the \
             complete request head to the response, medians over rounds.</p>";
    page += &attribution::charts(summary);
    page += &targets(summary);
    let _ = write!(page, "</main><script>{SCRIPT}</script></body></html>");
    Ok(page)
}

/// Returns one table and its charts.
fn section(group: &Group) -> String {
    let mut text = format!("<h3>{}</h3>{}", escape(&title(group)), table(group));
    let about = headline_metric(group);
    let mut metrics = vec![about];
    metrics.extend(
        [Metric::CpuUs, Metric::PssMb, Metric::StartupMs]
            .into_iter()
            .filter(|metric| *metric != about),
    );
    for metric in metrics {
        let row = |line: &super::summary::Line| {
            let figure = *line.figures.get(&metric)?;
            Some((name(line), figure, line.intervals.get(&metric).copied()))
        };
        let rows: Vec<_> = group.lines.iter().filter_map(row).collect();
        if rows.len() > 1 && group.point.is_empty() {
            text += &bars(&format!("{}: {}", title(group), metric.title()), &rows);
        }
    }
    let curve = |line: &super::summary::Line| -> Option<Curve> {
        (!line.percentiles.is_empty() && !line.control)
            .then(|| (name(line), line.percentiles.clone()))
    };
    let latencies: Vec<Curve> = group.lines.iter().filter_map(curve).collect();
    if !latencies.is_empty() && group.point.is_empty() && group.kind != crate::defs::LoadKind::Cold
    {
        text += &curves(
            &format!("{}: latency by percentile", title(group)),
            Axis::Percentile,
            "milliseconds; each further nine has the same width",
            &latencies,
        );
    }
    let memory = |line: &super::summary::Line| -> Option<Curve> {
        (line.memory.len() > 2 && !line.control).then(|| (name(line), line.memory.clone()))
    };
    let memory: Vec<Curve> = group.lines.iter().filter_map(memory).collect();
    if !memory.is_empty() && group.point.is_empty() {
        text += &curves(
            &format!("{}: resident memory over time, last round", title(group)),
            Axis::Linear,
            "megabytes over seconds",
            &memory,
        );
    }
    text
}

/// Draws loads with several points, ramps and sweeps, as curves.
fn sweeps(groups: &[&Group]) -> String {
    let mut by_load: BTreeMap<&str, Vec<&Group>> = BTreeMap::new();
    for group in groups.iter().filter(|group| {
        group
            .point
            .starts_with(|first: char| first.is_ascii_digit())
    }) {
        by_load.entry(&group.load).or_default().push(group);
    }
    let mut text = String::new();
    for (load, groups) in by_load {
        let mut found: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        let (metric, axis) = if groups[0].kind == crate::defs::LoadKind::Ramp {
            (Metric::P99Ms, Axis::Linear)
        } else {
            (Metric::Throughput, Axis::Logarithmic)
        };
        let point = groups[0]
            .point
            .trim_start_matches(|c: char| c.is_ascii_digit());
        let unit = match axis {
            Axis::Logarithmic => format!("{} by{point}", metric.title()),
            _ => metric.title().to_owned(),
        };
        for group in groups {
            let digits: String = group
                .point
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            let x = digits.parse().unwrap_or(0.0);
            for line in group.lines.iter().filter(|line| !line.control) {
                if let Some(figure) = line.figures.get(&metric) {
                    found.entry(name(line)).or_default().push((x, *figure));
                }
            }
        }
        let rows: Vec<Curve> = found.into_iter().collect();
        if !rows.is_empty() {
            text += &curves(&format!("{load}: {}", metric.title()), axis, &unit, &rows);
        }
    }
    text
}

fn table(group: &Group) -> String {
    let metrics = group.metrics();
    let about = headline_metric(group);
    let mut text = String::from(
        "<div class=\"wide\"><table class=\"sortable\"><thead><tr><th>target</th><th>rounds</th>",
    );
    for metric in &metrics {
        let _ = write!(text, "<th>{}</th>", metric.title());
    }
    let _ = write!(
        text,
        "<th>{} of the base (interval)</th><th>verdict</th></tr></thead><tbody>",
        about.title()
    );
    for line in &group.lines {
        let class = if line.rounds == 0 {
            " class=\"void\""
        } else {
            ""
        };
        let _ = write!(
            text,
            "<tr{class}><td>{}</td><td class=\"words\" data-v=\"{}\">{}",
            escape(&name(line)),
            line.rounds,
            line.rounds
        );
        for (number, what) in [
            (line.void, "void"),
            (line.generator_bound, "generator-bound"),
            (line.overloaded, "overloaded"),
        ] {
            if number > 0 {
                let _ = write!(
                    text,
                    ", <span title=\"{}\">{number} {what}</span>",
                    escape(&line.why.join(" "))
                );
            }
        }
        text += "</td>";
        for metric in &metrics {
            match line.figures.get(metric) {
                Some(figure) => {
                    _ = write!(text, "<td data-v=\"{figure}\">{}</td>", number(*figure))
                }
                None => text += "<td></td>",
            }
        }
        match line.ratios.get(&about) {
            Some(estimate) => {
                let _ = write!(
                    text,
                    "<td data-v=\"{}\">{:.3} ({:.3} to {:.3})</td><td class=\"words\">{}</td></tr>",
                    estimate.ratio,
                    estimate.ratio,
                    estimate.low,
                    estimate.high,
                    estimate.words()
                );
            }
            None => text += "<td></td><td></td></tr>",
        }
    }
    text += "</tbody></table></div>";
    let noted = group.lines.iter().filter(|line| !line.why.is_empty());
    let notes: String = noted
        .map(|line| {
            let why = escape(&line.why.join("; "));
            format!("<p class=\"why\">{}: {why}</p>", escape(&name(line)))
        })
        .collect();
    if !notes.is_empty() {
        let _ = write!(
            text,
            "<details><summary>reasons why rounds do not count, or only for some figures</summary>{notes}</details>"
        );
    }
    text
}

fn targets(summary: &Summary) -> String {
    let mut text = String::from(
        "<h2 id=\"targets\">Targets</h2><div class=\"wide\"><table class=\"sortable\"><thead><tr><th>target</th><th>language</th><th>kind</th>\
         <th>version</th><th>notes on fairness</th></tr></thead><tbody>",
    );
    for target in &summary.targets {
        let _ = write!(
            text,
            "<tr><td>{}</td><td class=\"name\">{}</td><td class=\"name\">{}</td><td class=\"name\">{}</td><td class=\"text\">{}. {}</td></tr>",
            escape(&target.name),
            escape(&target.language),
            target.kind.name(),
            escape(&target.version),
            escape(&target.description),
            escape(&target.fairness.join(" "))
        );
    }
    for (name, why) in &summary.unavailable {
        let _ = write!(
            text,
            "<tr class=\"void\"><td>{}</td><td></td><td></td><td></td><td class=\"text\">not measured: {}</td></tr>",
            escape(name),
            escape(why)
        );
    }
    text + "</tbody></table></div>"
}
