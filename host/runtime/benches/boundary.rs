//! Measures what a call costs in each language's lane. Three guests answer alike:
//!
//! - The floor is a guest of `bench/shapes` whose handler takes and returns nothing but
//!   strings, written without an SDK and called through wasmtime alone with the host's
//!   engine settings.
//! - The interface is the same handler behind the world of `wit/`, still without an SDK
//!   (`bench/boundary/raw`), called as the server calls an app. Over the floor, it is
//!   what the host and its interface cost.
//! - The app is written with the language's SDK and called in the same way. Over the
//!   interface, it is what the SDK costs.
//!
//! All are timed in one process in interleaved rounds (ABBA), and the ratios are taken
//! within each round. Machines drift by more than what is measured here, so criterion
//! and divan, which time one function after the other, would report the drift. Hence
//! `harness = false` and rounds of our own.
//!
//! `scripts/bench-boundary` builds the guests and runs this; `docs/performance.md` has
//! the results.

#[path = "common/mod.rs"]
mod common;
#[path = "boundary/lane.rs"]
mod lane;
#[path = "boundary/measure.rs"]
mod measure;
#[path = "boundary/plan.rs"]
mod plan;
#[path = "boundary/report.rs"]
mod report;
#[path = "boundary/threads.rs"]
mod threads;

use common::options::Options;
use common::process;
use std::process::ExitCode;
use wasmtime::Result;

// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    common::process::exit(run())
}

fn run() -> Result<()> {
    let options = Options::parse("scripts/bench-boundary", std::env::args().skip(1))?;
    let plan = plan::Plan::new(&options)?;
    // Compiling uses every core, so the process is pinned only afterwards.
    if let Some(cpu) = options.cpu.filter(|_| options.threads == 1) {
        process::pin(cpu)?;
    }
    let mut tables = Vec::new();
    for lane in &plan.lanes {
        let outcome = match options.threads {
            1 => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()?;
                report::Lane::Calls(runtime.block_on(measure::measure(lane, &options))?)
            }
            threads => report::Lane::Threads(threads, threads::measure(lane, &options)?),
        };
        if !options.json {
            println!("{}", report::table(lane.name, &outcome));
        }
        tables.push(report::json(lane.name, &outcome));
    }
    if options.json {
        println!("{}", serde_json::json!({ "lanes": tables }));
    }
    Ok(())
}
