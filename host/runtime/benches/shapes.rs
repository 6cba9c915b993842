//! Measures shapes of the exported `handle` function: what one component call
//! costs in each guest language, with a reused and with a fresh instance.
//!
//! `scripts/bench-shapes` builds the guests of `bench/shapes` and runs this with
//! `--guests DIR`. `docs/decisions/0001-boundary.md` has the results. It stands
//! on wasmtime alone, so that the figures are those of the boundary.

#[path = "shapes/engine.rs"]
mod engine;
#[path = "shapes/guest.rs"]
mod guest;
#[path = "shapes/measure.rs"]
mod measure;
#[path = "shapes/options.rs"]
mod options;
#[path = "shapes/plan.rs"]
mod plan;
#[path = "shapes/report.rs"]
mod report;
#[path = "shapes/types.rs"]
mod types;

use options::Options;
use std::process::{Command, ExitCode};
use wasmtime::error::Context as _;
use wasmtime::{Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let options = Options::parse(std::env::args().skip(1))?;
    let engine = engine::engine()?;
    let plan = plan::plan(&options, &engine)?;
    // Compiling uses every core, so the process is pinned only afterwards.
    if let Some(cpu) = options.cpu {
        pin(cpu)?;
    }
    engine::tick(&engine)?;
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

/// Pins all threads of this process to one core.
fn pin(cpu: u32) -> Result<()> {
    let output = Command::new("taskset")
        .args([
            "-a",
            "-c",
            "-p",
            &cpu.to_string(),
            &std::process::id().to_string(),
        ])
        .output()
        .context("cannot run `taskset`: install util-linux or leave out `--cpu`")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        bail!("cannot pin to core `{cpu}`: {}", reason.trim());
    }
    Ok(())
}
