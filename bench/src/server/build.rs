//! What a target needs and how it is made.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

use crate::defs::{Build, Target};

use super::Places;

/// Whether a target can be measured here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Ready,
    /// Its tools are there; it has to be built first.
    Unbuilt,
    /// Something is missing: what, and what to do about it.
    Missing(String),
}

/// Whether a target's tools and files are there.
pub fn availability(target: &Target, places: &Places) -> Result<Availability> {
    for need in &target.needs {
        let command = places.fill(&need.command, &[])?;
        if places.find(&command).is_none() {
            return Ok(Availability::Missing(format!(
                "`{}` was not found: {}",
                need.command.trim_matches(['{', '}']),
                need.remedy
            )));
        }
    }
    for step in &target.build {
        if !is_made(step, places)? {
            return Ok(Availability::Unbuilt);
        }
    }
    Ok(Availability::Ready)
}

/// Whether all that a step makes is there and newer than what it is made from.
fn is_made(step: &Build, places: &Places) -> Result<bool> {
    let (mut oldest, mut newest) = (SystemTime::now(), SystemTime::UNIX_EPOCH);
    for file in &step.makes {
        match time_of(&places.root.join(places.fill(file, &[])?)) {
            Some(time) => oldest = oldest.min(time),
            None => return Ok(false),
        }
    }
    for file in &step.from {
        let path = places.root.join(places.fill(file, &[])?);
        if !path.exists() {
            bail!("a build step is made from `{file}`, which is not there");
        }
        newest = newest.max(newest_below(&path));
    }
    Ok(newest <= oldest)
}

fn time_of(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|found| found.modified()).ok()
}

/// When the newest file of a folder was written, but for what is made there.
fn newest_below(path: &Path) -> SystemTime {
    let skipped = ["target", "node_modules", "__pycache__", "dist", ".git"];
    if !path.is_dir() {
        return time_of(path).unwrap_or(SystemTime::UNIX_EPOCH);
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter(|entry| !skipped.iter().any(|name| entry.file_name() == *name))
        .map(|entry| newest_below(&entry.path()))
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Runs the steps whose results are missing, or all of them.
pub fn build(target: &Target, places: &Places, all: bool) -> Result<()> {
    for step in &target.build {
        if !all && is_made(step, places)? {
            continue;
        }
        let command = fill_all(&step.command, places)?;
        let Some((program, arguments)) = command.split_first() else {
            bail!(
                "target `{}` has a build step without a command",
                target.name
            );
        };
        eprintln!("building {}: {}", target.name, step.command.join(" "));
        let mut process = Command::new(program);
        process
            .args(arguments)
            .current_dir(places.root.join(places.fill(&step.folder, &[])?));
        for (name, value) in &step.environment {
            process.env(name, places.fill(value, &[])?);
        }
        // What a step prints is no result.
        let output = process.stdin(Stdio::null()).output();
        let output = output
            .with_context(|| format!("cannot run `{program}` to build target `{}`", target.name))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned()
                + &String::from_utf8_lossy(&output.stdout);
            bail!(
                "the build step `{}` of target `{}` failed:\n{}",
                step.command.join(" "),
                target.name,
                super::process::last_lines(&text, 15)
            );
        }
        if !all_there(step, places)? {
            bail!(
                "the build step `{}` of target `{}` did not make `{}`",
                step.command.join(" "),
                target.name,
                step.makes.join("`, `")
            );
        }
        // Of what a step found as it should be, the time is old.
        for file in &step.makes {
            let path = places.root.join(places.fill(file, &[])?);
            let _ = File::open(path).and_then(|made| made.set_modified(SystemTime::now()));
        }
    }
    Ok(())
}

fn all_there(step: &Build, places: &Places) -> Result<bool> {
    for file in &step.makes {
        if !places.root.join(places.fill(file, &[])?).exists() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A command with its places filled.
pub(super) fn fill_all(command: &[String], places: &Places) -> Result<Vec<String>> {
    command.iter().map(|word| places.fill(word, &[])).collect()
}

/// The first line that the version command prints.
pub fn version(target: &Target, places: &Places) -> Result<String> {
    let command = fill_all(&target.version, places)?;
    let Some((program, arguments)) = command.split_first() else {
        return Ok("unknown".to_owned());
    };
    let output = Command::new(program)
        .args(arguments)
        .current_dir(&places.root)
        .stdin(Stdio::null())
        .output();
    let output = output.with_context(|| {
        format!(
            "cannot ask target `{}` for its version with `{program}`",
            target.name
        )
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) if output.status.success() => Ok(line.trim().to_owned()),
        _ => bail!(
            "target `{}` does not say its version: `{}` printed `{}`",
            target.name,
            target.version.join(" "),
            String::from_utf8_lossy(&output.stderr)
                .lines()
                .last()
                .unwrap_or_default()
        ),
    }
}
