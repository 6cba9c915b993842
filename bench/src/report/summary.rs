//! A run's rows as one figure for each target, workload and load: medians over rounds,
//! merged histograms, and what may be said of differences.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::defs::{Kind, LoadKind};
use crate::fingerprint::Fingerprint;
use crate::load::{Histogram, new_histogram};
use crate::run::{Folder, Row, Settings, Status};
use crate::stats::{Estimate, bootstrap, median};

/// What is measured of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Microseconds of the server's cores for each request.
    CpuUs,
    /// Right replies per second, of closed loads.
    Throughput,
    /// Milliseconds.
    P50Ms,
    /// Milliseconds.
    P99Ms,
    /// Megabytes, proportional.
    PssMb,
    /// Milliseconds to the first 2xx.
    StartupMs,
}

/// All of them, the headline first.
pub const METRICS: [Metric; 6] = [
    Metric::CpuUs,
    Metric::Throughput,
    Metric::P50Ms,
    Metric::P99Ms,
    Metric::PssMb,
    Metric::StartupMs,
];

impl Metric {
    /// As a heading.
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

    /// Whether more is better.
    pub fn more_is_better(self) -> bool {
        self == Self::Throughput
    }

    /// Its figure in a row, where the row counts for it.
    pub fn of(self, row: &Row) -> Option<f64> {
        let closed = matches!(row.kind, LoadKind::Closed | LoadKind::Sweep);
        let quantile = |share: f64| Some(row.histogram().value_at_quantile(share) as f64 / 1e6);
        match (self, row.status, row.kind) {
            (_, Status::Void, _) => None,
            (Self::StartupMs, _, _) => (row.startup_ms > 0.0).then_some(row.startup_ms),
            (Self::PssMb, _, _) => (row.memory.pss > 0).then_some(row.memory.pss as f64 / 1e6),
            (_, _, LoadKind::Cold) => None,
            // Where the load fell behind, replies and CPU are not of the same time.
            (Self::CpuUs, Status::GeneratorBound, _) if !row.held_rate() => None,
            (Self::CpuUs, _, _) => row.cpu_us(),
            (_, Status::GeneratorBound, _) => None,
            (Self::Throughput, _, _) => closed.then(|| row.throughput()),
            (_, Status::Overloaded, _) => None,
            (Self::P50Ms, _, _) => quantile(0.5),
            (Self::P99Ms, _, _) => quantile(0.99),
        }
    }
}

/// A whole run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Where and when.
    pub fingerprint: Fingerprint,
    /// What was done.
    pub settings: Settings,
    /// The targets, in the order of the settings.
    pub targets: Vec<About>,
    /// What was asked for and could not be measured.
    pub unavailable: Vec<(String, String)>,
    /// One for each workload, load and point.
    pub groups: Vec<Group>,
}

/// What a target is.
#[derive(Debug, Serialize, Deserialize)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its language.
    pub language: String,
    /// Its kind.
    pub kind: Kind,
    /// One sentence.
    pub description: String,
    /// What to know before comparing it.
    pub fairness: Vec<String>,
}

/// Targets beside each other.
#[derive(Debug, Serialize, Deserialize)]
pub struct Group {
    /// The workload.
    pub workload: String,
    /// What it is.
    pub description: String,
    /// The load.
    pub load: String,
    /// Its kind.
    pub kind: LoadKind,
    /// Which stretch or step of it.
    pub point: String,
    /// The targets, the base first, the control last.
    pub lines: Vec<Line>,
}

impl Group {
    /// What any of its targets has a figure of.
    pub fn metrics(&self) -> Vec<Metric> {
        let has = |metric: &Metric| {
            let mut lines = self.lines.iter();
            lines.any(|line| line.figures.contains_key(metric))
        };
        METRICS.into_iter().filter(has).collect()
    }
}

/// One target in a group.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    /// Which.
    pub target: String,
    /// Whether it is the control.
    pub control: bool,
    /// Rounds that count.
    pub rounds: usize,
    /// Rounds that are void.
    pub void: usize,
    /// Rounds in which the load was the limit.
    pub generator_bound: usize,
    /// Rounds in which the server did not hold the rate.
    pub overloaded: usize,
    /// Why rows do not count, each reason once.
    pub why: Vec<String>,
    /// Medians over rounds.
    pub figures: BTreeMap<Metric, f64>,
    /// Their bootstrap intervals.
    pub intervals: BTreeMap<Metric, (f64, f64)>,
    /// Each as a multiple of the base's of the same round.
    pub ratios: BTreeMap<Metric, Estimate>,
    /// Milliseconds at percentiles, of the merged histograms of all rounds that count.
    pub percentiles: Vec<(f64, f64)>,
    /// Microseconds for each request by stage, medians over rounds.
    pub stages: BTreeMap<String, f64>,
    /// Seconds and megabytes of the last round that counts: memory over time.
    pub memory: Vec<(f64, f64)>,
}

/// The percentiles of latency curves.
pub const PERCENTILES: [f64; 9] = [50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 100.0];

/// A workload, a load and a point of it.
type Key = (String, String, String);

impl Summary {
    /// Of what a run has so far.
    pub fn of(folder: &Folder) -> Self {
        let plan = &folder.plan;
        let about = |(target, version): (&crate::defs::Target, &String)| About {
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

/// A target's figures as multiples of another's, of the rounds that both have.
pub fn ratios(rows: &[&Row], base: &[&Row], metric: Metric) -> Vec<f64> {
    let ratio = |row: &&Row| {
        let other = base.iter().find(|other| other.round == row.round)?;
        let (own, other) = (metric.of(row)?, metric.of(other)?);
        (other > 0.0).then_some(own / other)
    };
    rows.iter().filter_map(ratio).collect()
}

/// The latencies of all rounds that count for them; where none does, of those in which the
/// load was the limit. Percentiles are read from this and never averaged.
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
