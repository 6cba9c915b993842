//! `baseline`: runs that are kept to be compared with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};

use crate::options::Common;
use crate::report;
use crate::run::Folder;

/// What `baseline` takes.
#[derive(Debug, Args)]
pub struct Options {
    /// Where baselines are [default: `bench/baselines` in the root]
    #[arg(long, global = true, value_name = "DIR")]
    baselines: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Keep a run under a name
    Save {
        /// Its name
        name: String,
        /// The folder of a run
        folder: PathBuf,
        /// Replace the one that has the name
        #[arg(long)]
        force: bool,
    },
    /// Show which there are
    List,
    /// Show one of them
    Show {
        /// Its name
        name: String,
    },
}

/// Keeps, lists or shows.
pub fn run(common: &Common, options: &Options) -> Result<ExitCode> {
    let all = folder(common, options.baselines.as_deref())?;
    match &options.command {
        Command::Save {
            name,
            folder,
            force,
        } => save(&all, name, folder, *force)?,
        Command::List => {
            for name in names(&all) {
                let folder = Folder::read(&all.join(&name))?;
                let settings = &folder.plan.settings;
                println!(
                    "{name}: {} rounds of {}; {}",
                    settings.rounds,
                    settings.targets.join(", "),
                    folder.plan.fingerprint.machine()
                );
            }
        }
        Command::Show { name } => {
            if !all.join(name).is_dir() {
                bail!(
                    "there is no baseline `{name}`{}",
                    crate::nearest::nearest(name, names(&all).iter().map(String::as_str))
                );
            }
            println!("{}", report::headline(&Folder::read(&all.join(name))?));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn save(all: &Path, name: &str, folder: &Path, force: bool) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        bail!("`{name}` is no name for a baseline: use letters, digits, `-`, `_` and `.`");
    }
    let run = Folder::read(folder)?;
    if run.rows.is_empty() {
        bail!("`{}` has no rows to keep", folder.display());
    }
    let place = all.join(name);
    if place.exists() && !force {
        bail!(
            "there is a baseline `{name}` already: give another name, or replace it with `--force`"
        );
    }
    fs::create_dir_all(&place)
        .with_context(|| format!("cannot make the folder `{}`", place.display()))?;
    for file in ["plan.json", "rows.jsonl"] {
        let text = fs::read(folder.join(file)).with_context(|| format!("cannot read `{file}`"))?;
        crate::run::write_file(&place.join(file), &text)?;
    }
    println!("kept as `{name}`: {} rows", run.rows.len());
    Ok(())
}

/// Where baselines are.
pub(super) fn folder(common: &Common, given: Option<&Path>) -> Result<PathBuf> {
    match given {
        Some(folder) => Ok(folder.to_owned()),
        None => Ok(common.places()?.root.join("bench/baselines")),
    }
}

/// Their names.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("plan.json").exists())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
