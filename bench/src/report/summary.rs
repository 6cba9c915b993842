//! Summarizes a run as one figure per target, workload and load: medians over rounds, merged
//! histograms, and verdicts on differences.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::defs::{Kind, LoadKind};
use crate::fingerprint::Fingerprint;
use crate::load::{Histogram, new_histogram};
use crate::run::{Folder, Row, Settings, Status};
use crate::stats::{Estimate, bootstrap, median};

/// A metric of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// CPU time of the server per request, in microseconds.
    CpuUs,
    /// Correct replies per second, in closed loads.
    Throughput,
    /// Median latency in milliseconds.
    P50Ms,
    /// 99th percentile of latency in milliseconds.
    P99Ms,
    /// Proportional set size in megabytes.
    PssMb,
    /// Milliseconds to the first 2xx.
    StartupMs,
}

/// All metrics, the most important first.
pub const METRICS: [Metric; 6] = [
    Metric::CpuUs,
    Metric::Throughput,
    Metric::P50Ms,
    Metric::P99Ms,
    Metric::PssMb,
    Metric::StartupMs,
];

impl Metric {
    /// Returns the heading in tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::CpuUs => "CPU us/request",
            Self::Throughput => "requests/s",
            Self::P50Ms => "p50 ms",
            Self::P99Ms => "p99 ms",
            Self::PssMb => "memory MB",
            Self::StartupMs => "start ms",
        }
    }

    /// Returns true if a larger value is better.
    pub fn more_is_better(self) -> bool {
        self == Self::Throughput
    }

    /// Returns the figure of a row, if the row counts for this metric.
    pub fn of(self, row: &Row) -> Option<f64> {
        let closed = matches!(row.kind, LoadKind::Closed | LoadKind::Sweep);
        let quantile = |share: f64| Some(row.histogram().value_at_quantile(share) as f64 / 1e6);
        match (self, row.status, row.kind) {
            (_, Status::Void, _) => None,
            (Self::StartupMs, _, _) => (row.startup_ms > 0.0).then_some(row.startup_ms),
            (Self::PssMb, _, _) => (row.memory.pss > 0).then_some(row.memory.pss as f64 / 1e6),
            (_, _, LoadKind::Cold) => None,
            // If the generator fell behind, replies and CPU time do not cover the same period.
            (Self::CpuUs, Status::GeneratorBound, _) if !row.sustained_rate() => None,
            (Self::CpuUs, _, _) => row.cpu_us(),
            (_, Status::GeneratorBound, _) => None,
            (Self::Throughput, _, _) => closed.then(|| row.throughput()),
            (_, Status::Overloaded, _) => None,
            (Self::P50Ms, _, _) => quantile(0.5),
            (Self::P99Ms, _, _) => quantile(0.99),
        }
    }
}

/// The summary of a whole run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The machine and the source.
    pub fingerprint: Fingerprint,
    /// The settings of the run.
    pub settings: Settings,
    /// The targets, in the order of the settings.
    pub targets: Vec<TargetSummary>,
    /// Requested targets that could not be measured, with the reason.
    pub unavailable: Vec<(String, String)>,
    /// One group per workload, load and point.
    pub groups: Vec<Group>,
}

/// A description of a target.
#[derive(Debug, Serialize, Deserialize)]
pub struct TargetSummary {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The language.
    pub language: String,
    /// The kind.
    pub kind: Kind,
    /// A one-sentence description.
    pub description: String,
    /// Notes for readers who compare it with other targets.
    pub fairness: Vec<String>,
}

/// The results of all targets for one workload, load and point.
#[derive(Debug, Serialize, Deserialize)]
pub struct Group {
    /// The workload.
    pub workload: String,
    /// The description of the workload.
    pub description: String,
    /// The load.
    pub load: String,
    /// The kind of the load.
    pub kind: LoadKind,
    /// The segment or step of the load.
    pub point: String,
    /// The targets, the base first and the control last.
    pub lines: Vec<Line>,
}

impl Group {
    /// Returns the metrics for which at least one target has a figure.
    pub fn metrics(&self) -> Vec<Metric> {
        let has = |metric: &Metric| {
            let mut lines = self.lines.iter();
            lines.any(|line| line.figures.contains_key(metric))
        };
        METRICS.into_iter().filter(has).collect()
    }
}

/// The results of one target in a group.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    /// The name of the target.
    pub target: String,
    /// True for the control.
    pub control: bool,
    /// Number of rounds that count.
    pub rounds: usize,
    /// Number of void rounds.
    pub void: usize,
    /// Number of rounds in which the load generator was the limit.
    pub generator_bound: usize,
    /// Number of rounds in which the server did not sustain the rate.
    pub overloaded: usize,
    /// Distinct reasons why rows do not count.
    pub why: Vec<String>,
    /// Medians over rounds.
    pub figures: BTreeMap<Metric, f64>,
    /// Bootstrap intervals of the medians.
    pub intervals: BTreeMap<Metric, (f64, f64)>,
    /// Ratios to the base of the same round.
    pub ratios: BTreeMap<Metric, Estimate>,
    /// Latency in milliseconds by percentile, from the merged histograms of all rounds that count.
    pub percentiles: Vec<(f64, f64)>,
    /// Microseconds per request by stage, medians over rounds.
    pub stages: BTreeMap<String, f64>,
    /// Memory over time in the last round that counts: seconds and megabytes.
    pub memory: Vec<(f64, f64)>,
}

/// The percentiles of latency curves.
pub const PERCENTILES: [f64; 9] = [50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 100.0];

/// Workload, load and point.
type Key = (String, String, String);

impl Summary {
    /// Summarizes the rows that a run has so far.
    pub fn of(folder: &Folder) -> Self {
        let plan = &folder.plan;
        let about = |(target, version): (&crate::defs::Target, &String)| TargetSummary {
            name: target.name.clone(),
            version: version.clone(),
            language: target.language.clone(),
            kind: target.kind,
            description: target.description.clone(),
            fairness: target.fairness.clone(),
        };
        let mut groups: Vec<(Key, Vec<&Row>)> = Vec::new();
        for workload in &plan.workloads {
            for load in &plan.loads {
                let rows = folder
                    .rows
                    .iter()
                    .filter(|row| row.workload == workload.name && row.load == load.name);
                let mut points: Vec<&str> = Vec::new();
                let rows: Vec<&Row> = rows.collect();
                for row in &rows {
                    if !points.contains(&row.point.as_str()) {
                        points.push(&row.point);
                    }
                }
                for point in points {
                    let some = rows
                        .iter()
                        .copied()
                        .filter(|row| row.point == point)
                        .collect();
                    groups.push((
                        (workload.name.clone(), load.name.clone(), point.to_owned()),
                        some,
                    ));
                }
            }
        }
        let description = |name: &str| {
            let workload = plan.workloads.iter().find(|workload| workload.name == name);
            workload
                .map(|workload| workload.description.clone())
                .unwrap_or_default()
        };
        let group = |((workload, load, point), rows): (Key, Vec<&Row>)| Group {
            description: description(&workload),
            kind: rows.first().map_or(LoadKind::Closed, |row| row.kind),
            lines: lines(&rows, &plan.settings),
            workload,
            load,
            point,
        };
        Self {
            fingerprint: plan.fingerprint.clone(),
            settings: plan.settings.clone(),
            targets: plan.targets.iter().zip(&plan.versions).map(about).collect(),
            unavailable: plan.unavailable.clone(),
            groups: groups.into_iter().map(group).collect(),
        }
    }
}

fn lines(rows: &[&Row], settings: &Settings) -> Vec<Line> {
    let of = |target: &str, control: bool| -> Vec<&Row> {
        rows.iter()
            .copied()
            .filter(|row| row.target == target && row.control == control)
            .collect()
    };
    let Some(base_name) = settings.targets.first() else {
        return Vec::new();
    };
    let base = of(base_name, false);
    let control = of(base_name, true);
    let sides = settings
        .targets
        .iter()
        .map(|target| (target, false))
        .chain([(base_name, true)]);
    let line = |(target, is_control): (&String, bool)| {
        let rows = of(target, is_control);
        (!rows.is_empty()).then(|| line(target, is_control, &rows, &base, &control, settings))
    };
    sides.filter_map(line).collect()
}

fn line(
    target: &str,
    control: bool,
    rows: &[&Row],
    base: &[&Row],
    again: &[&Row],
    settings: &Settings,
) -> Line {
    let status = |status| rows.iter().filter(|row| row.status == status).count();
    let mut line = Line {
        target: target.to_owned(),
        control,
        rounds: rows.len() - status(Status::Void),
        void: status(Status::Void),
        generator_bound: status(Status::GeneratorBound),
        overloaded: status(Status::Overloaded),
        why: Vec::new(),
        figures: BTreeMap::new(),
        intervals: BTreeMap::new(),
        ratios: BTreeMap::new(),
        percentiles: Vec::new(),
        stages: BTreeMap::new(),
        memory: Vec::new(),
    };
    for why in rows.iter().flat_map(|row| &row.why) {
        if line.why.len() < 4 && !line.why.contains(why) {
            line.why.push(why.clone());
        }
    }
    for metric in METRICS {
        let own: Vec<f64> = rows.iter().filter_map(|row| metric.of(row)).collect();
        let (Some(figure), Some(interval)) = (median(&own), bootstrap(&own, settings.seed)) else {
            continue;
        };
        line.figures.insert(metric, figure);
        line.intervals.insert(metric, interval);
        let is_base = settings.targets.first().is_some_and(|base| base == target) && !control;
        if !is_base {
            let estimate = Estimate::judge(
                &ratios(rows, base, metric),
                &ratios(again, base, metric),
                settings.floor,
                settings.seed,
            );
            if let Some(estimate) = estimate {
                line.ratios.insert(metric, estimate);
            }
        }
    }
    let merged = merge(rows);
    if !merged.is_empty() {
        let at = |percentile: f64| {
            (
                percentile,
                merged.value_at_percentile(percentile) as f64 / 1e6,
            )
        };
        line.percentiles = PERCENTILES.into_iter().map(at).collect();
    }
    let counting = || rows.iter().filter(|row| row.status != Status::Void);
    let stages: std::collections::BTreeSet<&String> =
        counting().flat_map(|row| row.stages.keys()).collect();
    for stage in stages {
        let values: Vec<f64> = counting()
            .filter_map(|row| row.stages.get(stage).copied())
            .collect();
        line.stages
            .insert(stage.clone(), median(&values).unwrap_or(0.0));
    }
    if let Some(last) = counting().next_back() {
        line.memory = last
            .series
            .iter()
            .map(|sample| (sample.at, sample.rss as f64 / 1e6))
            .collect();
    }
    line
}

/// Returns the ratios of a target to another one, for the rounds that both have.
pub fn ratios(rows: &[&Row], base: &[&Row], metric: Metric) -> Vec<f64> {
    let ratio = |row: &&Row| {
        let other = base.iter().find(|other| other.round == row.round)?;
        let (own, other) = (metric.of(row)?, metric.of(other)?);
        (other > 0.0).then_some(own / other)
    };
    rows.iter().filter_map(ratio).collect()
}

/// Merges the latencies of all rounds that count for them, or, if there are none, of the rounds in
/// which the load generator was the limit. Percentiles come from the merged histogram and are
/// never averaged.
fn merge(rows: &[&Row]) -> Histogram {
    let mut merged = new_histogram();
    for statuses in [
        &[Status::Valid, Status::Overloaded][..],
        &[Status::GeneratorBound],
    ] {
        for row in rows.iter().filter(|row| statuses.contains(&row.status)) {
            let _ = merged.add(row.histogram());
        }
        if !merged.is_empty() {
            break;
        }
    }
    merged
}
