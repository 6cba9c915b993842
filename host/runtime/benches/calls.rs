//! Measures the effect of the host's wasmtime settings: each experiment is a table of variants
//! against the current settings, in interleaved rounds.
//!
//! `scripts/bench-boundary --bench calls` builds the apps and runs this.
//! `docs/decisions/0008-calls.md` has the results. It uses wasmtime directly, because the runtime
//! crate does not expose the variants.

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

// The allocator of the product, because instances consist of many small allocations.
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
    // This measurement uses all cores and is not pinned.
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
            // Compilation uses all cores, so pin the process afterwards.
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
