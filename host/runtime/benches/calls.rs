//! Measures what the host's choices about wasmtime cost or save: for each experiment
//! a table of variants against the host's present choice, in interleaved rounds.
//!
//! `scripts/bench-boundary --bench calls` builds the apps and runs this.
//! `docs/decisions/0008-calls.md` has the results. It stands on wasmtime alone, as
//! the variants are not the runtime's to offer.

#[path = "common/mod.rs"]
mod common;
#[path = "calls/experiments.rs"]
mod experiments;
#[path = "calls/run.rs"]
mod run;
#[path = "calls/sharing.rs"]
mod sharing;

use common::options::Options;
use common::process;
use std::process::ExitCode;
use wasmtime::Result;

// The program's own, as instances are made of many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    common::process::exit(run())
}

fn run() -> Result<()> {
    let options = Options::parse("scripts/bench-boundary", std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut tables = Vec::new();
    let mut all = options.lanes()?;
    // Every core is needed, so it is the one measurement that is not pinned.
    if options.only.as_deref() == Some("sharing") {
        for lane in all.drain(..) {
            let table = sharing::measure(lane, options.threads.max(2), &options)?;
            if !options.json {
                println!("{table}");
            }
            tables.push(table.json());
        }
    }
    for lane in all {
        for experiment in experiments::all(lane) {
            if !options.wants(experiment.name) {
                continue;
            }
            let prepared = run::Prepared::new(lane, experiment, &options)?;
            // Compiling uses every core, so the process is pinned only afterwards.
            if let Some(cpu) = options.cpu {
                process::pin(cpu)?;
            }
            let table = runtime.block_on(prepared.measure(&options))?;
            if !options.json {
                println!("{table}");
            }
            tables.push(table.json());
        }
    }
    if options.json {
        println!("{}", serde_json::json!({ "tables": tables }));
    }
    Ok(())
}
