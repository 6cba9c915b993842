//! Compares per-thread pools of instances, each with its own runtime, with a pool behind a mutex
//! that the threads of one work-stealing runtime share.
//!
//! Many tasks, as many as a busy server has connections, each take an instance, call it, return it
//! and yield.

use crate::common::guest::{Guest, Instance};
use crate::common::options::Options;
use crate::common::stats::{median, quantiles};
use crate::common::types::{Body, Request};
use crate::common::{code, engine};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::Result;

const TASKS: usize = 16;
const HELLO: Request = Request {
    route: 0,
    params: "",
    body: Body::Empty,
};

/// The length of a run, in batches.
const BATCHES: u32 = 100;

/// Calls per second, and the ratio of the shared pool to the separate pools.
pub(crate) struct Table {
    lane: &'static str,
    threads: usize,
    separate: f64,
    shared: f64,
    ratio: [f64; 3],
}

/// The state that the tasks of a pool share.
struct Pool {
    guest: Arc<Guest>,
    idle: Mutex<Vec<Instance>>,
    stop: AtomicBool,
    calls: AtomicU64,
}

impl Pool {
    fn new(guest: &Arc<Guest>) -> Arc<Self> {
        Arc::new(Self {
            guest: guest.clone(),
            idle: Mutex::default(),
            stop: AtomicBool::new(false),
            calls: AtomicU64::new(0),
        })
    }

    async fn serve(self: Arc<Self>) -> Result<()> {
        let mut calls = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let idle = self.lock().pop();
            let mut instance = match idle {
                Some(instance) => instance,
                None => self.guest.instantiate().await?,
            };
            instance.call(HELLO).await?;
            self.lock().push(instance);
            calls += 1;
            tokio::task::yield_now().await;
        }
        self.calls.fetch_add(calls, Ordering::Relaxed);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Measures both in interleaved rounds.
pub(crate) fn measure(lane: &'static str, threads: usize, options: &Options) -> Result<Table> {
    let engine = engine::Knobs::default().engine()?;
    let component = code::load(&engine, &options.guests.join(format!("{lane}-app.wasm")))?;
    let linker = engine::app_linker(&component, false)?;
    let guest = Arc::new(Guest::new(&linker, "app", &component)?);
    engine::tick(vec![engine])?;
    let time = options.batch * BATCHES;
    let (mut separate, mut shared, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let a = separately(&guest, threads, time)?;
        let b = together(&guest, threads, time)?;
        let c = together(&guest, threads, time)?;
        let d = separately(&guest, threads, time)?;
        separate.push((a + d) / 2.0);
        shared.push((b + c) / 2.0);
        ratio.push((b + c) / (a + d));
    }
    Ok(Table {
        lane,
        threads,
        separate: median(&separate),
        shared: median(&shared),
        ratio: quantiles(&ratio),
    })
}

fn separately(guest: &Arc<Guest>, threads: usize, time: Duration) -> Result<f64> {
    let run = || -> Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        runtime.block_on(load(&Pool::new(guest), TASKS / threads, time))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|rate| rate.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .sum()
    })
}

fn together(guest: &Arc<Guest>, threads: usize, time: Duration) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_time()
        .build()?;
    runtime.block_on(load(&Pool::new(guest), TASKS, time))
}

/// Returns the calls per second of this many tasks on the current runtime.
async fn load(pool: &Arc<Pool>, tasks: usize, time: Duration) -> Result<f64> {
    for _ in 0..tasks {
        let mut instance = pool.guest.instantiate().await?;
        instance.call(HELLO).await?;
        pool.lock().push(instance);
    }
    let started = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|_| tokio::spawn(pool.clone().serve()))
        .collect();
    tokio::time::sleep(time).await;
    pool.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    let calls = pool.calls.load(Ordering::Relaxed);
    Ok(calls as f64 / started.elapsed().as_secs_f64())
}

impl Table {
    pub(crate) fn json(&self) -> serde_json::Value {
        let [low, middle, high] = self.ratio;
        serde_json::json!({
            "experiment": "sharing",
            "lane": self.lane,
            "threads": self.threads,
            "calls_per_second": { "separate": self.separate, "shared": self.shared },
            "ratio": { "p10": low, "median": middle, "p90": high },
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, ratio, high] = self.ratio;
        writeln!(f, "\nsharing, {}, {} threads\n", self.lane, self.threads)?;
        f.write_str("| instances | calls/s | ratio | p10 to p90 |\n|---|---|---|---|\n")?;
        writeln!(f, "| each thread's own | {:.0} | 1.00 | |", self.separate)?;
        writeln!(
            f,
            "| shared, work-stealing | {:.0} | {ratio:.2} | {low:.2} to {high:.2} |",
            self.shared
        )
    }
}
