//! Carries out a plan: connections, phases, and the readings at the ends of each stretch.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use fastrand::Rng;

use crate::client::Connection;
use crate::defs::Knee;
use crate::proc::{CpuTimes, CpuUsed};
use crate::shot::Shot;

use super::open::{self, Schedule};
use super::plan::{Event, Measured, Pace, Phase, Plan};
use super::tally::{Outcome, Tally, decode};
use super::timer::Timer;

/// How long replies are waited for after the last stretch.
const DRAIN: Duration = Duration::from_secs(5);
/// With so many failures a row is void whatever follows, so that it is cut short.
const ENOUGH: u64 = 500;

/// What all connections share.
pub(super) struct Shared {
    shots: Vec<Prepared>,
    /// The order in which they are sent, over and over.
    order: Vec<usize>,
    next: Cell<usize>,
    port: u16,
    timeout: Duration,
    pub(super) tallies: RefCell<Vec<Tally>>,
    /// Right replies so far, by when they came.
    pub(super) done: Cell<u64>,
    pub(super) failures: Cell<u64>,
    pub(super) stop: Cell<bool>,
}

struct Prepared {
    shot: Shot,
    /// The bytes of a reply that was found right: the same ones need no second look.
    known: RefCell<Option<Bytes>>,
}

/// Carries out a plan and tells what happened.
pub(super) async fn run(plan: &Plan, emit: impl Fn(&Event) -> Result<()>) -> Result<()> {
    let (shots, order) = prepare(plan)?;
    let shared = Rc::new(Shared {
        shots,
        order,
        next: Cell::new(0),
        port: plan.port,
        timeout: Duration::from_secs_f64(plan.timeout),
        tallies: RefCell::default(),
        done: Cell::new(0),
        failures: Cell::new(0),
        stop: Cell::new(false),
    });
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

/// All requests, and an order in which each workload has its share.
fn prepare(plan: &Plan) -> Result<(Vec<Prepared>, Vec<usize>)> {
    let mut rng = Rng::with_seed(plan.seed);
    let host = format!("127.0.0.1:{}", plan.port);
    let (mut shots, mut order) = (Vec::new(), Vec::new());
    for (workload, weight) in &plan.workloads {
        let first = shots.len();
        for _ in 0..plan.variants {
            let shot = Shot::new(workload, &host, &mut rng);
            let shot = shot.with_context(|| format!("workload `{}`", workload.name))?;
            shots.push(Prepared {
                shot,
                known: RefCell::default(),
            });
        }
        let times = plan.variants * *weight as usize;
        order.extend((0..times).map(|number| first + number % plan.variants));
    }
    rng.shuffle(&mut order);
    anyhow::ensure!(!order.is_empty(), "the plan sends nothing");
    Ok((shots, order))
}

/// Whether a step is past what the server holds.
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
    // The readings at the ends of each stretch.
    let timer = Timer::new()?;
    let mut readings = Vec::new();
    for (begin, end, point) in spans {
        timer.until(begin).await?;
        if let Some(point) = &point {
            emit(&Event::Begin(point.clone()))?;
        }
        let before = Reading::take(plan.pid, shared);
        while Instant::now() < end && shared.failures.get() < ENOUGH {
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
        // Failures of a warm-up void what follows it too.
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

/// Failures of a warm-up are those of the first stretch that counts.
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

/// What is read at an end of a stretch.
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

/// Waits for the last replies, in bounded time, and gives up the rest.
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
                "there was no reply within {} s after the load's end",
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

/// One connection that sends its next request when it has the reply.
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

impl Shared {
    /// Sends the next request and checks its reply.
    pub(super) async fn ask(&self, connection: &mut Option<Connection>) -> Outcome {
        let next = self.next.get();
        self.next.set((next + 1) % self.order.len());
        let prepared = &self.shots[self.order[next]];
        let asked = tokio::time::timeout(self.timeout, self.send(connection, &prepared.shot)).await;
        let answer = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                *connection = None;
                // Not to ask a server that is gone as fast as can be.
                tokio::time::sleep(Duration::from_millis(10)).await;
                return Outcome::Error(format!("{error:#}"));
            }
            Err(_) => {
                *connection = None;
                let seconds = self.timeout.as_secs_f64();
                return Outcome::Error(format!("there was no reply within {seconds} s"));
            }
        };
        let length = answer.body.len();
        let known = prepared
            .known
            .borrow()
            .as_ref()
            .is_some_and(|known| *known == answer.body);
        if known && prepared.shot.status_fits(answer.status) {
            return Outcome::Right(length);
        }
        match prepared
            .shot
            .check(answer.status, &answer.headers, &answer.body)
        {
            Ok(()) => {
                *prepared.known.borrow_mut() = Some(answer.body);
                Outcome::Right(length)
            }
            Err(why) if prepared.shot.status_fits(answer.status) => Outcome::Wrong(why),
            Err(why) => Outcome::Error(why),
        }
    }

    async fn send(
        &self,
        connection: &mut Option<Connection>,
        shot: &Shot,
    ) -> Result<crate::client::Answer> {
        // A server may close a connection that it has answered; that is no error of it.
        if connection
            .as_ref()
            .is_none_or(|connection| !connection.is_open())
        {
            *connection = Some(Connection::open(self.port).await?);
        }
        match connection {
            Some(connection) => connection.send(shot).await,
            None => anyhow::bail!("there is no connection"),
        }
    }

    /// Counts a reply for the stretch in which its request was due.
    pub(super) fn count(&self, now: Instant, due: Instant, outcome: Outcome) {
        match &outcome {
            Outcome::Right(_) => self.done.set(self.done.get() + 1),
            _ => self.failures.set(self.failures.get() + 1),
        }
        let mut tallies = self.tallies.borrow_mut();
        if let Some(tally) = tallies
            .iter_mut()
            .find(|tally| tally.begin <= due && due < tally.end)
        {
            tally.record(now - due, outcome);
        }
    }
}
