//! `report`: writes a run's reports anew, as from a run that was ended.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::report;
use crate::run::Folder;

/// What `report` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// The folder of a run
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
