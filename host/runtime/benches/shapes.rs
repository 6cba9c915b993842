//! Measures shapes of the exported function `handle`: the cost of a component call in each guest
//! language, with a reused and with a fresh instance.
//!
//! `scripts/bench-shapes` builds the guests of `bench/shapes` and runs this with `--guests DIR`.
//! `docs/decisions/0001-boundary.md` has the results. It uses wasmtime directly, so that the
//! figures contain only the boundary.

#[path = "common/mod.rs"]
mod common;
#[path = "shapes/measure.rs"]
mod measure;
#[path = "shapes/plan.rs"]
mod plan;
#[path = "shapes/report.rs"]
mod report;

use common::options::Options;
use common::{engine, process};
use std::process::ExitCode;
use wasmtime::Result;

fn main() -> ExitCode {
    common::process::exit(run())
}

fn run() -> Result<()> {
    let options = Options::parse("scripts/bench-shapes", std::env::args().skip(1))?;
    let engine = engine::Knobs::default().engine()?;
    let plan = plan::plan(&options, &engine)?;
    // Compilation uses all cores, so pin the process afterwards.
    if let Some(cpu) = options.cpu {
        process::pin(cpu)?;
    }
    engine::tick(vec![engine])?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut results = Vec::new();
    for group in &plan {
        let result = runtime.block_on(measure::measure(group, &options))?;
        if !options.json {
            report::print(&result);
        }
        results.push(result);
    }
    if options.json {
        println!("{}", report::json(&results));
    }
    Ok(())
}
