//! `report`: regenerates the reports of a run, for example after an interruption.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::report;
use crate::run::Folder;

/// Options of `report`.
#[derive(Debug, Args)]
pub struct Options {
    /// Directory of the run
    folder: PathBuf,
}

/// Writes the reports.
pub fn run(options: &Options) -> Result<ExitCode> {
    let folder = Folder::read(&options.folder)?;
    let written = report::write(&folder)?;
    println!("{}", report::headline(&folder));
    println!("written: {}", written.join(", "));
    Ok(ExitCode::SUCCESS)
}
