//! The `spikard-wasm` command: serves, builds and inspects HTTP handlers compiled to
//! WebAssembly components.
//!
//! `args` parses the command line, `config` merges it with the environment and
//! `spikard.toml`, and `commands` has one module per subcommand. Errors are printed once, here.
//! The exit code is 2 for a usage error and 1 for a failed command.

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

/// Requests allocate many small blocks of varying sizes, for which mimalloc is faster than the
/// system allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match args.command {
        Command::Serve(args) => commands::serve::run(args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Compile(args) => commands::compile::run(&args),
        Command::Openapi(args) => commands::openapi::run(&args),
        Command::Build(args) => commands::build::run(&args),
        Command::Migrate(args) => commands::migrate::run(&args),
        Command::Wit(args) => commands::wit::run(&args),
        Command::Doctor => commands::doctor::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
