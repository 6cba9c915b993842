//! The order of measurements and the progress output.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::defs::{Load, LoadKind, Target, Workload};

use super::folder::Folder;
use super::job::{Job, JobContext};
use super::row::{Row, Status};

/// A target of a run, or the control of the base.
#[derive(Debug, Clone, Copy)]
pub struct Lane<'a> {
    /// The target.
    pub target: &'a Target,
    /// True for the control.
    pub control: bool,
}

/// A target is skipped for the rest of the run after this many failed starts in a row.
const MAX_FAILED_STARTS: u32 = 2;

/// Measures everything that is not done yet. Returns false if the run was interrupted.
pub fn carry_out(
    tools: &JobContext<'_>,
    folder: &mut Folder,
    lanes: &[Lane<'_>],
    workloads: &[&Workload],
    loads: &[Load],
    mut say: impl FnMut(&str),
) -> Result<bool> {
    let settings = folder.plan.settings.clone();
    let done: HashSet<_> = folder.rows.iter().map(key).collect();
    let mut left = Vec::new();
    for round in 0..settings.rounds {
        for workload in workloads {
            for lane in order(lanes, round) {
                for load in loads {
                    let job = Job {
                        target: lane.target,
                        control: lane.control,
                        workload,
                        round,
                    };
                    let name = (
                        lane.target.name.clone(),
                        lane.control,
                        workload.name.clone(),
                        load.name.clone(),
                        round,
                    );
                    if !done.contains(&name) {
                        left.push((job, load));
                    }
                }
            }
        }
    }
    let total = left.len();
    let expected: f64 = left.iter().map(|(_, load)| seconds(load)).sum();
    say(&format!(
        "{total} measurements left, about {}",
        time(expected)
    ));
    let (mut failures, mut spent, mut planned): (BTreeMap<&str, u32>, f64, f64) =
        Default::default();
    for (number, (job, load)) in left.iter().enumerate() {
        let began = Instant::now();
        let failed = failures.entry(&job.target.name).or_default();
        let rows = if *failed >= MAX_FAILED_STARTS {
            let why = format!(
                "`{}` failed to start {MAX_FAILED_STARTS} times in a row and was skipped",
                job.target.name
            );
            vec![job.void(tools, load, why)]
        } else {
            job.carry_out(tools, &settings, load)?
        };
        if tools.stopped() {
            return Ok(false);
        }
        let failed_to_start = rows.iter().all(|row| {
            row.status == Status::Void
                && row.startup_ms == 0.0
                && row.why.iter().any(|why| why.contains("ready"))
        });
        *failed = if failed_to_start { *failed + 1 } else { 0 };
        spent += began.elapsed().as_secs_f64();
        planned += seconds(load);
        let rest = (expected - planned) * (spent / planned.max(1e-6));
        for row in &rows {
            say(&format!(
                "[{}/{total}, {} left] {}",
                number + 1,
                time(rest),
                line(row)
            ));
        }
        folder.add(rows)?;
    }
    Ok(true)
}

fn key(row: &Row) -> (String, bool, String, String, u32) {
    (
        row.target.clone(),
        row.control,
        row.workload.clone(),
        row.load.clone(),
        row.round,
    )
}

/// Returns the lanes forward in even rounds and backward in odd ones, so that drift affects all
/// equally. Each pair of rounds starts with another lane.
fn order<'a, 'b>(lanes: &'b [Lane<'a>], round: u32) -> Vec<&'b Lane<'a>> {
    let mut order: Vec<_> = lanes.iter().collect();
    if !order.is_empty() {
        let length = order.len();
        order.rotate_left((round as usize / 2) % length);
    }
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

/// Estimates the duration of a load in seconds.
fn seconds(load: &Load) -> f64 {
    let start = 1.0;
    match load.kind {
        LoadKind::Cold => load.starts as f64 * 0.5 + start,
        LoadKind::Spike => load.warmup + load.seconds * 3.0 + start,
        LoadKind::Sweep => (load.warmup + load.seconds + start) * load.values.len() as f64,
        LoadKind::Ramp => {
            load.warmup
                + load.seconds * load.knee.map_or(1.0, |knee| knee.steps as f64 * 0.7)
                + start
        }
        LoadKind::Closed | LoadKind::Open => load.warmup + load.seconds + start,
    }
}

fn time(seconds: f64) -> String {
    let time = Duration::from_secs_f64(seconds.clamp(0.0, 1e8)).as_secs();
    match time {
        0..60 => format!("{time} s"),
        60..3600 => format!("{} min {:02} s", time / 60, time % 60),
        _ => format!("{} h {:02} min", time / 3600, time / 60 % 60),
    }
}

/// Formats a row as a line of progress.
fn line(row: &Row) -> String {
    let point = if row.point.is_empty() {
        String::new()
    } else {
        format!(" {}", row.point)
    };
    let head = format!(
        "round {}, {}, {}, {}{point}",
        row.round + 1,
        row.lane(),
        row.workload,
        row.load
    );
    let histogram = row.histogram();
    let p99 = histogram.value_at_quantile(0.99) as f64 / 1e6;
    match (row.status, row.kind) {
        (Status::Void, _) => format!("{head}: void: {}", row.why.join("; ")),
        (_, LoadKind::Cold) => format!("{head}: {:.0} ms", row.startup_ms),
        (status, _) => {
            let cpu = row
                .cpu_us()
                .map_or("?".to_owned(), |cpu| format!("{cpu:.1}"));
            let mark = if status == Status::Valid {
                String::new()
            } else {
                format!(" ({})", row.why.join("; "))
            };
            format!(
                "{head}: {:.0}/s, {cpu} us of CPU each, p99 {p99:.2} ms{mark}",
                row.throughput()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_mirrored_in_pairs() {
        let catalogue =
            crate::defs::Catalogue::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let lanes: Vec<Lane<'_>> = catalogue
            .targets
            .values()
            .take(3)
            .map(|target| Lane {
                target,
                control: false,
            })
            .collect();
        let names = |round| {
            order(&lanes, round)
                .iter()
                .map(|lane| lane.target.name.clone())
                .collect::<Vec<_>>()
        };
        let mut mirrored = names(1);
        mirrored.reverse();
        assert_eq!(names(0), mirrored);
        assert_ne!(names(0)[0], names(2)[0]);
    }
}
