//! `compare`: reports whether a run is slower than another run of the same machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::options::Common;
use crate::report::summary::{METRICS, Metric};
use crate::run::{Folder, Row};
use crate::stats::{Estimate, MIN_ROUNDS, bootstrap_ratio, median};

use super::baseline;

/// Options of `compare`.
#[derive(Debug, Args)]
pub struct Options {
    /// Directory of the base run, or the name of a baseline
    base: String,
    /// Directory of the new run, or the name of a baseline
    new: String,
    /// Relative change that counts as a regression; 0.05 is 5 %
    #[arg(long, default_value_t = 0.05)]
    threshold: f64,
    /// Compare runs of different machines anyway
    #[arg(long)]
    force: bool,
    /// Directory of the baselines [default: `bench/baselines` in the root]
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
}

/// Exit code for a regression.
const REGRESSION: u8 = 3;

/// One figure of both runs.
struct Pair {
    name: String,
    metric: Metric,
    old: f64,
    new: f64,
    low: f64,
    high: f64,
    /// The difference within the A/A pairs of both runs.
    control: f64,
    few: bool,
}

/// Compares every figure that both runs have.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let folder = |name: &str| -> Result<Folder> {
        if Path::new(name).is_dir() {
            return Folder::read(Path::new(name));
        }
        let baselines = baseline::folder(common, options.baselines.as_deref())?;
        match baselines.join(name).is_dir() {
            true => Folder::read(&baselines.join(name)),
            false => bail!(
                "`{name}` is neither a directory nor a baseline{} (`spikard-bench baseline list` shows all baselines)",
                crate::nearest::nearest(
                    name,
                    baseline::names(&baselines).iter().map(String::as_str)
                )
            ),
        }
    };
    let (old, new) = (folder(&options.base)?, folder(&options.new)?);
    let machines = (
        old.plan.fingerprint.machine(),
        new.plan.fingerprint.machine(),
    );
    if machines.0 != machines.1 {
        let words = format!(
            "`{}` was measured on another machine: {} there, {} here",
            options.base, machines.0, machines.1
        );
        if !options.force {
            bail!(
                "{words}; figures of different machines are not comparable; pass `--force` to compare them anyway"
            );
        }
        eprintln!("warning: {words}");
    }
    if old.plan.fingerprint.kernel != new.plan.fingerprint.kernel {
        eprintln!(
            "warning: the runs used different kernels: {} and {}",
            old.plan.fingerprint.kernel, new.plan.fingerprint.kernel
        );
    }
    let pairs = pairs(&old, &new);
    if pairs.is_empty() {
        bail!(
            "the runs have no figure in common: compare runs of the same targets, workloads and loads"
        );
    }
    let mut regressions = 0;
    println!(
        "| figure | {} | {} | ratio | interval | |\n|---|---|---|---|---|---|",
        options.base, options.new
    );
    for pair in &pairs {
        let worse = if pair.metric.more_is_better() {
            pair.old / pair.new
        } else {
            pair.new / pair.old
        };
        let excludes = pair.low > 1.0 || pair.high < 1.0;
        let sure = excludes && !pair.few && (worse.ln().abs().exp_m1()) > pair.control;
        let words = match (
            pair.few,
            sure,
            worse > 1.0 + options.threshold,
            worse < 1.0 / (1.0 + options.threshold),
        ) {
            (true, ..) => "too few rounds to claim",
            (_, true, true, _) => "regression",
            (_, true, _, true) => "better",
            (_, true, ..) => "within the threshold",
            _ => "no detectable change",
        };
        if words == "regression" {
            regressions += 1;
        }
        println!(
            "| {} | {:.3} | {:.3} | {:.3} | {:.3} to {:.3} | {words} |",
            pair.name,
            pair.old,
            pair.new,
            pair.new / pair.old,
            pair.low,
            pair.high
        );
    }
    println!(
        "compared {} figures; {regressions} worse by more than {} %",
        pairs.len(),
        options.threshold * 100.0
    );
    Ok(if regressions > 0 {
        ExitCode::from(REGRESSION)
    } else {
        ExitCode::SUCCESS
    })
}

fn pairs(old: &Folder, new: &Folder) -> Vec<Pair> {
    let mut keys: Vec<(&str, &str, &str, &str)> = Vec::new();
    for row in old.rows.iter().filter(|row| !row.control) {
        let key = (
            row.target.as_str(),
            row.workload.as_str(),
            row.load.as_str(),
            row.point.as_str(),
        );
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut pairs = Vec::new();
    for (target, workload, load, point) in keys {
        for metric in METRICS {
            let of = |folder: &Folder| -> Vec<f64> {
                let same = |row: &&Row| {
                    !row.control
                        && row.target == target
                        && row.workload == workload
                        && row.load == load
                        && row.point == point
                };
                folder
                    .rows
                    .iter()
                    .filter(same)
                    .filter_map(|row| metric.of(row))
                    .collect()
            };
            let (before, after) = (of(old), of(new));
            let (Some(one), Some(other), Some((low, high))) = (
                median(&before),
                median(&after),
                bootstrap_ratio(&before, &after, 1),
            ) else {
                continue;
            };
            pairs.push(Pair {
                name: format!(
                    "{target}, {workload}, {load}{}{point}, {}",
                    if point.is_empty() { "" } else { " " },
                    metric.title()
                ),
                metric,
                old: one,
                new: other,
                low,
                high,
                control: control(old, workload, load, point, metric)
                    .max(control(new, workload, load, point, metric)),
                few: before.len().min(after.len()) < MIN_ROUNDS,
            });
        }
    }
    pairs
}

/// Returns the distance of a run's A/A pair from 1.
fn control(folder: &Folder, workload: &str, load: &str, point: &str, metric: Metric) -> f64 {
    let base = folder.plan.settings.targets.first();
    let of = |control: bool| -> Vec<&Row> {
        let same = |row: &&Row| {
            row.control == control
                && Some(&row.target) == base
                && row.workload == workload
                && row.load == load
                && row.point == point
        };
        folder.rows.iter().filter(same).collect()
    };
    let ratios = crate::report::summary::ratios(&of(true), &of(false), metric);
    Estimate::judge(&ratios, &ratios, 0.0, 1).map_or(0.0, |estimate| estimate.resolution)
}
