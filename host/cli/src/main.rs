//! The `spikard-wasm` command: serves HTTP handlers compiled to WebAssembly
//! components, and builds and inspects them.
//!
//! Arguments become settings, settings become a command. An error is printed once,
//! here: exit code 2 for a command line that cannot be understood, 1 for a command
//! that failed.

mod args;
mod cache;
mod commands;
mod config;
mod log;
mod secrets;
mod tools;
mod wit;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};

/// Every request allocates a little in many sizes, which mimalloc serves faster
/// than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Command::Serve(args) => commands::serve::run(args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Compile(args) => commands::compile::run(&args),
        Command::Openapi(args) => commands::openapi::run(&args),
        Command::Build(args) => commands::build::run(&args),
        Command::Wit(args) => commands::wit::run(&args),
        Command::Doctor => commands::doctor::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
