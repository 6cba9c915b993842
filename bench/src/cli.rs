//! The command line.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::commands;
use crate::options::Common;
use crate::server::{Cores, artificial};

#[derive(Debug, Parser)]
#[command(
    name = "spikard-bench",
    about = "Measures HTTP servers beside each other",
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
    /// Show all targets, workloads and loads, and what is missing on this machine
    List(commands::list::Options),
    /// Check that every target answers every workload rightly, with random values
    Verify(commands::verify::Options),
    /// Measure, in rounds, and write what came of it
    Run(Box<commands::run::Options>),
    /// Write a run's reports anew
    Report(commands::report::Options),
    /// Say whether a run is slower than another one; exits with 3 where it is
    Compare(commands::compare::Options),
    /// Keep runs to compare with
    Baseline(commands::baseline::Options),
    /// Say whether this machine is fit for measuring
    Doctor(commands::doctor::Options),
    /// Draw where a target's time goes, and its memory over time
    Profile(commands::profile::Options),
    /// Compare what the load of this program sees of a server with what wrk sees
    CrossCheck(commands::cross_check::Options),
    /// Run the benchmarks of the host's crates, and hold them against their bounds
    Micro(commands::micro::Options),
    /// Become a server's command, bound to cores
    #[command(hide = true)]
    Exec {
        #[arg(long)]
        cores: Cores,
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Carry out a plan of load
    #[command(hide = true)]
    Load,
    /// A server with known behaviour, for the tests
    #[command(hide = true)]
    Artificial(artificial::Options),
}

/// Does what the command line says.
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
    }
}
