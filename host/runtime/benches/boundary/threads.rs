//! Several threads against one; each thread has its own runtime, pool and instances, like a worker
//! of the server.

use crate::common::cases::Case;
use crate::common::direct::Mode;
use crate::common::options::Options;
use crate::common::rounds::Subject as _;
use crate::common::stats::{median, quantiles};
use crate::measure::Subject;
use crate::plan::Lane;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::{Result, format_err};

/// The length of a run, in batches.
const BATCHES: u32 = 100;

/// The figures of one policy.
pub(crate) struct Row {
    pub(crate) subject: &'static str,
    pub(crate) mode: Mode,
    /// Calls per second of one thread, and of all threads together.
    pub(crate) one: f64,
    pub(crate) all: f64,
    pub(crate) ratio: [f64; 3],
}

/// Measures the handler `hello` with both policies.
pub(crate) fn measure(lane: &Lane, options: &Options) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for mode in [Mode::Reused, Mode::Fresh] {
        for subject in ["floor", "interface", "app"] {
            let (mut one, mut all, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..options.rounds {
                let run = |threads| rate(lane, subject, mode, threads, options.batch * BATCHES);
                let (a, b) = (run(1)?, run(options.threads)?);
                let (c, d) = (run(options.threads)?, run(1)?);
                one.push((a + d) / 2.0);
                all.push((b + c) / 2.0);
                ratio.push((b + c) / (a + d));
            }
            rows.push(Row {
                subject,
                mode,
                one: median(&one),
                all: median(&all),
                ratio: quantiles(&ratio),
            });
        }
    }
    Ok(rows)
}

/// Returns the calls per second of this many threads together.
fn rate(lane: &Lane, subject: &str, mode: Mode, threads: usize, time: Duration) -> Result<f64> {
    let barrier = Barrier::new(threads);
    let rates: Vec<Result<f64>> = thread::scope(|scope| {
        let run = || worker(lane, subject, mode, time, &barrier);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|rate| rate.unwrap_or_else(|_| Err(format_err!("a thread panicked"))))
            .collect()
    });
    rates.into_iter().sum()
}

fn worker(
    lane: &Lane,
    subject: &str,
    mode: Mode,
    time: Duration,
    barrier: &Barrier,
) -> Result<f64> {
    let [hello, ..] = Case::all();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let subject = match subject {
            "app" => Subject::app(lane, &hello, mode).await,
            "interface" => Subject::interface(lane, &hello, mode).await,
            _ => Subject::floor(lane, &hello, mode).await,
        };
        // Every thread reaches the barrier, even after a failure.
        barrier.wait();
        let mut subject = subject?;
        subject.batch(10).await?;
        let started = Instant::now();
        let mut calls = 0.0;
        while started.elapsed() < time {
            subject.batch(10).await?;
            calls += 10.0;
        }
        Ok(calls / started.elapsed().as_secs_f64())
    })
}
