//! Measures the cost of a call in each language. Three guests give the same replies:
//!
//! - The floor is a guest of `bench/shapes` whose handler takes and returns only strings. It uses
//!   no SDK and is called through wasmtime directly, with the engine settings of the host.
//! - The interface is the same handler behind the world of `wit/`, without an SDK
//!   (`bench/boundary/raw`), called like an app in the server. The difference to the floor is the
//!   cost of the host and its interface.
//! - The app uses the SDK of the language and is called in the same way. The difference to the
//!   interface is the cost of the SDK.
//!
//! All are timed in one process in interleaved rounds (ABBA), and ratios are computed within each
//! round. Machines drift by more than the differences measured here, so criterion and divan, which
//! time one function after another, would report the drift. Hence `harness = false` and custom
//! rounds.
//!
//! `scripts/bench-boundary` builds the guests and runs this; `docs/performance.md` has the
//! results.

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

// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    common::process::exit(run())
}

fn run() -> Result<()> {
    let options = Options::parse("scripts/bench-boundary", std::env::args().skip(1))?;
    let plan = plan::Plan::new(&options)?;
    // Compilation uses all cores, so pin the process afterwards.
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
