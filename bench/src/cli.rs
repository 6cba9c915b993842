//! The command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::commands;
use crate::options::Common;
use crate::server::{Cores, artificial, upstream};

#[derive(Debug, Parser)]
#[command(
    name = "spikard-bench",
    about = "Benchmarks HTTP servers side by side",
    version
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all targets, workloads, services and loads, and what this machine lacks to run them
    List(commands::list::Options),
    /// Check that every target answers every workload correctly, with random values
    Verify(commands::verify::Options),
    /// Run the benchmarks in rounds and write the reports
    Run(Box<commands::run::Options>),
    /// Regenerate the reports of a run
    Report(commands::report::Options),
    /// Compare two runs; exits with 3 on a regression
    Compare(commands::compare::Options),
    /// Save, list and show baseline runs
    Baseline(commands::baseline::Options),
    /// Check whether this machine is fit for benchmarks
    Doctor(commands::doctor::Options),
    /// Profile a target: a flame graph, and memory over time
    Profile(commands::profile::Options),
    /// Compare the load generator of this program with wrk
    CrossCheck(commands::cross_check::Options),
    /// Run the microbenchmarks of the host crates and check them against their bounds
    Micro(commands::micro::Options),
    /// Bind this process to cores, then exec a server's command
    #[command(hide = true)]
    Exec {
        #[arg(long)]
        cores: Cores,
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Run a load plan read from standard input
    #[command(hide = true)]
    Load,
    /// Run a server with known behavior, for tests
    #[command(hide = true)]
    Artificial(artificial::Options),
    /// Run an HTTP server that waits before each reply, as the upstream of handlers
    #[command(hide = true)]
    Upstream(upstream::Options),
}

/// Parses the command line and runs the command.
pub fn run() -> Result<ExitCode> {
    let Cli { common, command } = Cli::parse();
    match command {
        Command::List(options) => commands::list::run(&common, &options),
        Command::Verify(options) => commands::verify::run(&common, &options),
        Command::Run(options) => commands::run::run(&common, &options),
        Command::Report(options) => commands::report::run(&options),
        Command::Compare(options) => commands::compare::run(&common, &options),
        Command::Baseline(options) => commands::baseline::run(&common, &options),
        Command::Doctor(options) => commands::doctor::run(&common, &options),
        Command::Profile(options) => commands::profile::run(&common, &options),
        Command::CrossCheck(options) => commands::cross_check::run(&common, &options),
        Command::Micro(options) => commands::micro::run(&common, &options),
        Command::Exec { cores, command } => {
            crate::server::exec(&cores, &command).map(|()| ExitCode::SUCCESS)
        }
        Command::Load => crate::load::command().map(|()| ExitCode::SUCCESS),
        Command::Artificial(options) => artificial::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Upstream(options) => upstream::run(&options).map(|()| ExitCode::SUCCESS),
    }
}
