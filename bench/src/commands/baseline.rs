//! `baseline`: saves runs to compare later runs with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};

use crate::options::Common;
use crate::report;
use crate::run::Folder;

/// Options of `baseline`.
#[derive(Debug, Args)]
pub struct Options {
    /// Directory of the baselines [default: `bench/baselines` in the root]
    #[arg(long, global = true, value_name = "DIR")]
    baselines: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Save a run under a name
    Save {
        /// Name of the baseline
        name: String,
        /// Directory of the run
        folder: PathBuf,
        /// Replace an existing baseline of this name
        #[arg(long)]
        force: bool,
    },
    /// List all baselines
    List,
    /// Show one baseline
    Show {
        /// Name of the baseline
        name: String,
    },
}

/// Saves, lists or shows baselines.
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
                    "baseline `{name}` does not exist{}",
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
        bail!("`{name}` is not a valid baseline name: use letters, digits, `-`, `_` and `.`");
    }
    let run = Folder::read(folder)?;
    if run.rows.is_empty() {
        bail!(
            "`{}` has no rows: run the benchmarks with this `--out` first",
            folder.display()
        );
    }
    let place = all.join(name);
    if place.exists() && !force {
        bail!(
            "baseline `{name}` already exists: choose another name, or pass `--force` to replace it"
        );
    }
    fs::create_dir_all(&place)
        .with_context(|| format!("cannot create the directory `{}`", place.display()))?;
    for file in ["plan.json", "rows.jsonl"] {
        let text = fs::read(folder.join(file)).with_context(|| format!("cannot read `{file}`"))?;
        crate::run::write_file(&place.join(file), &text)?;
    }
    println!("saved {} rows as `{name}`", run.rows.len());
    Ok(())
}

/// Returns the directory of the baselines.
pub(super) fn folder(common: &Common, given: Option<&Path>) -> Result<PathBuf> {
    match given {
        Some(folder) => Ok(folder.to_owned()),
        None => Ok(common.paths()?.root.join("bench/baselines")),
    }
}

/// Returns the names of all baselines.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("plan.json").exists())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
