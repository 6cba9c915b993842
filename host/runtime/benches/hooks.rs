//! Measures the cost of a hook in each language: a call of the app's hooks of one kind in a reused
//! instance, including the creation of the request context, as in the server. A call of the
//! handler `hello` is the base.
//!
//! All are timed in interleaved rounds (ABBA), as in the bench `boundary`. `scripts/bench-boundary
//! --bench hooks` builds the apps and runs this.

#[path = "common/mod.rs"]
mod common;
#[allow(dead_code, reason = "the bench `boundary` uses the rest")]
#[path = "boundary/lane.rs"]
mod lane;
#[path = "hooks/report.rs"]
mod report;
#[path = "hooks/subject.rs"]
mod subject;

use common::options::Options;
use common::stats::{quantiles, ratios};
use common::{process, rounds};
use std::process::ExitCode;
use subject::{Kind, Subject};
use wasmtime::Result;
use wasmtime::error::Context as _;

// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The default number of instances of a server.
const INSTANCES: u32 = 64;

fn main() -> ExitCode {
    common::process::exit(run())
}

fn run() -> Result<()> {
    let options = Options::parse("scripts/bench-boundary", std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let loading = lane::Lane::runtime(INSTANCES)?;
    let mut lanes = Vec::new();
    for name in options.lanes()? {
        let file = options.guests.join(format!("{name}-app.wasm"));
        let lane = runtime.block_on(lane::Lane::load(&loading, &file));
        lanes.push((
            name,
            lane.with_context(|| format!("cannot load lane `{name}`"))?,
        ));
    }
    // Compilation uses all cores, so pin the process afterwards.
    if let Some(cpu) = options.cpu {
        process::pin(cpu)?;
    }
    let mut tables = Vec::new();
    for (name, lane) in &lanes {
        let rows = runtime.block_on(measure(lane, &options))?;
        if !options.json {
            println!("{}", report::table(name, &rows));
        }
        tables.push(report::json(name, &rows));
    }
    if options.json {
        println!("{}", serde_json::json!({ "lanes": tables }));
    }
    Ok(())
}

/// Measures the rows of a lane.
async fn measure(lane: &lane::Lane, options: &Options) -> Result<Vec<report::Row>> {
    let mut times = Kind::ALL.map(|_| Vec::new());
    for _ in 0..options.sessions {
        let mut subjects = Vec::new();
        for kind in Kind::ALL {
            subjects.push(Subject::new(lane, kind).await?);
        }
        let mut calls = Vec::new();
        for subject in &mut subjects {
            // Call twice, because the first call warms up.
            rounds::calibrate(subject, options.batch).await?;
            calls.push(rounds::calibrate(subject, options.batch).await?);
        }
        for round in 0..options.rounds {
            let round = rounds::uneven(&mut subjects, &calls, round).await?;
            for (times, time) in times.iter_mut().zip(round) {
                times.push(time);
            }
        }
    }
    // The first subject is the call of the handler.
    let rows = Kind::ALL
        .iter()
        .zip(&times)
        .map(|(kind, spent)| report::Row {
            kind: *kind,
            app: quantiles(spent),
            ratio: quantiles(&ratios(spent, &times[0])),
            rounds: spent.len(),
        });
    Ok(rows.collect())
}
