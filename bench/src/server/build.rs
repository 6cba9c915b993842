//! What a target needs and how it is made.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::defs::Target;

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
        if !is_made(&step.makes, places)? {
            return Ok(Availability::Unbuilt);
        }
    }
    Ok(Availability::Ready)
}

fn is_made(files: &[String], places: &Places) -> Result<bool> {
    for file in files {
        if !places.root.join(places.fill(file, &[])?).exists() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs the steps whose results are missing, or all of them.
pub fn build(target: &Target, places: &Places, all: bool) -> Result<()> {
    for step in &target.build {
        if !all && is_made(&step.makes, places)? {
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
        if !is_made(&step.makes, places)? {
            bail!(
                "the build step `{}` of target `{}` did not make `{}`",
                step.command.join(" "),
                target.name,
                step.makes.join("`, `")
            );
        }
    }
    Ok(())
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
