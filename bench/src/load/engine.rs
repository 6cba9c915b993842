//! Executes a plan: connections, phases, and readings at both ends of each segment.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;

use crate::client::Connection;
use crate::defs::Knee;
use crate::proc::{CpuTimes, CpuUsed};

use super::open::{self, Schedule};
use super::plan::{Event, Measured, Pace, Phase, Plan};
use super::shared::Shared;
use super::tally::{Outcome, Tally, decode};
use super::timer::Timer;

/// How long to wait for replies after the last segment.
const DRAIN: Duration = Duration::from_secs(5);
/// The phase ends early after this many failures, which make the row void in any case.
const MAX_FAILURES: u64 = 500;

/// Executes a plan and emits the events.
pub(super) async fn run(plan: &Plan, emit: impl Fn(&Event) -> Result<()>) -> Result<()> {
    let shared = Rc::new(Shared::new(plan)?);
    for phase in &plan.phases {
        let measured = carry_out(plan, phase, &shared, &emit).await?;
        let over = plan
            .knee
            .is_some_and(|knee| measured.iter().any(|measured| is_over(measured, &knee)));
        let failed = measured
            .iter()
            .any(|measured| measured.errors + measured.wrong > 0);
        for measured in measured {
            emit(&Event::Measured(Box::new(measured)))?;
        }
        if over || failed {
            break;
        }
    }
    Ok(())
}

/// Returns true if a step exceeded the server's capacity.
fn is_over(measured: &Measured, knee: &Knee) -> bool {
    let asked = measured.asked_rate.unwrap_or(0.0);
    let p99 = decode(&measured.histogram)
        .map_or(f64::MAX, |found| found.value_at_quantile(0.99) as f64 / 1e6);
    measured.rate() < asked * knee.share || p99 > knee.p99_ms
}

async fn carry_out(
    plan: &Plan,
    phase: &Phase,
    shared: &Rc<Shared>,
    emit: &impl Fn(&Event) -> Result<()>,
) -> Result<Vec<Measured>> {
    let mut connections = Vec::new();
    for _ in 0..phase.connections {
        let opened = tokio::time::timeout(shared.timeout, Connection::open(plan.port)).await;
        connections.push(opened.ok().and_then(Result::ok));
    }
    let start = Instant::now() + Duration::from_millis(5);
    let mut tallies = Vec::new();
    let mut begin = start;
    for segment in &phase.segments {
        let tally = Tally::new(segment, begin);
        begin = tally.end;
        tallies.push(tally);
    }
    let end = begin;
    let spans: Vec<_> = tallies
        .iter()
        .map(|tally| (tally.begin, tally.end, tally.segment.point.clone()))
        .collect();
    *shared.tallies.borrow_mut() = tallies;
    shared.stop.set(false);
    let is_open = matches!(phase.pace, Pace::Open(_));
    let mut tasks = Vec::new();
    let schedule = match phase.pace {
        Pace::Closed => {
            for connection in connections {
                tasks.push(tokio::task::spawn_local(closed(
                    shared.clone(),
                    connection,
                    start,
                    end,
                )));
            }
            None
        }
        Pace::Open(arrivals) => {
            let schedule = Rc::new(Schedule::default());
            for connection in connections {
                tasks.push(tokio::task::spawn_local(open::serve(
                    shared.clone(),
                    schedule.clone(),
                    connection,
                )));
            }
            let rng = Rng::with_seed(plan.seed ^ 0x5eed);
            let due = open::dispatch(
                shared.clone(),
                schedule.clone(),
                phase.segments.clone(),
                start,
                arrivals,
                rng,
            );
            tasks.push(tokio::task::spawn_local(due));
            Some(schedule)
        }
    };
    // Read the counters at both ends of each segment.
    let timer = Timer::new()?;
    let mut readings = Vec::new();
    for (begin, end, point) in spans {
        timer.until(begin).await?;
        if let Some(point) = &point {
            emit(&Event::Begin(point.clone()))?;
        }
        let before = Reading::take(plan.pid, shared);
        while Instant::now() < end && shared.failures.get() < MAX_FAILURES {
            timer
                .until(end.min(Instant::now() + Duration::from_millis(100)))
                .await?;
        }
        let after = Reading::take(plan.pid, shared);
        if let Some(point) = point {
            emit(&Event::End(point))?;
        }
        readings.push((before, after));
    }
    shared.stop.set(true);
    drain(shared, schedule.as_deref(), tasks).await;
    let mut all = Vec::new();
    for (tally, (before, after)) in shared.tallies.borrow().iter().zip(&readings) {
        // A failure in the warm-up also voids the segment after it.
        if tally.segment.point.is_none() && tally.failed() == 0 {
            continue;
        }
        let mut measured = tally.measured(is_open)?;
        measured.seconds = (after.at - before.at).as_secs_f64();
        let server: CpuUsed = after.server.since(&before.server);
        measured.server_cpu_us = server.micros;
        measured.server_cpu_coarse = server.coarse;
        measured.requests_of_cpu = after.done - before.done;
        measured.own_cpu_us = after.own.since(&before.own).micros;
        measured.own_wait_us = after.own.waited_since(&before.own);
        all.push(measured);
    }
    Ok(merge_warmup(all))
}

/// Adds the failures of a warm-up to the first measured segment.
fn merge_warmup(mut all: Vec<Measured>) -> Vec<Measured> {
    if all.len() > 1 && all[0].point.is_empty() {
        let warmup = all.remove(0);
        all[0].errors += warmup.errors;
        all[0].wrong += warmup.wrong;
        all[0].samples.splice(0..0, warmup.samples);
        all[0].samples.truncate(3);
    }
    all
}

/// Counters read at one end of a segment.
struct Reading {
    at: Instant,
    server: CpuTimes,
    own: CpuTimes,
    done: u64,
}

impl Reading {
    fn take(pid: u32, shared: &Shared) -> Self {
        Self {
            at: Instant::now(),
            server: CpuTimes::of_tree(pid),
            own: CpuTimes::of_process(std::process::id()),
            done: shared.done.get(),
        }
    }
}

/// Waits for the last replies up to `DRAIN`, and counts the others as unfinished.
async fn drain(
    shared: &Shared,
    schedule: Option<&Schedule>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
) {
    let until = tokio::time::Instant::now() + DRAIN;
    for task in &tasks {
        while !task.is_finished() && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if !task.is_finished()
            && schedule.is_none()
            && let Some(last) = shared.tallies.borrow_mut().last_mut()
        {
            let why = format!(
                "no reply within {} s after the end of the load",
                DRAIN.as_secs()
            );
            last.record(DRAIN, Outcome::Error(why));
        }
        task.abort();
    }
    if let Some(schedule) = schedule {
        schedule.give_up(shared);
    }
}

/// Runs one connection of a closed loop: it sends the next request when it has the reply.
async fn closed(
    shared: Rc<Shared>,
    mut connection: Option<Connection>,
    start: Instant,
    end: Instant,
) {
    tokio::time::sleep_until(start.into()).await;
    while !shared.stop.get() {
        let sent = Instant::now();
        if sent >= end {
            return;
        }
        let outcome = shared.ask(&mut connection).await;
        shared.count(Instant::now(), sent, outcome);
    }
}
