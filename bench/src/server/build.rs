//! The prerequisites and build steps of targets and services.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

use crate::defs::{Build, Need, Service, Target};

use super::Paths;

/// The availability of a target or a service on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It can be started.
    Ready,
    /// All tools are present, but it must be built first.
    Unbuilt,
    /// Something is missing; the text names it and the remedy.
    Missing(String),
}

/// Checks the tools and files that a target requires.
pub fn availability(target: &Target, paths: &Paths) -> Result<Availability> {
    available(&target.needs, &target.build, paths)
}

/// Checks the tools and files that a service requires.
pub fn service_availability(service: &Service, paths: &Paths) -> Result<Availability> {
    available(&service.needs, &service.build, paths)
}

fn available(needs: &[Need], build: &[Build], paths: &Paths) -> Result<Availability> {
    for need in needs {
        let command = paths.fill(&need.command, &[])?;
        if paths.find(&command).is_none() {
            return Ok(Availability::Missing(format!(
                "`{}` was not found: {}",
                need.command.trim_matches(['{', '}']),
                need.remedy
            )));
        }
    }
    for step in build {
        if !is_made(step, paths)? {
            return Ok(Availability::Unbuilt);
        }
    }
    Ok(Availability::Ready)
}

/// Returns true if all outputs of a step exist and are newer than its inputs.
fn is_made(step: &Build, paths: &Paths) -> Result<bool> {
    let (mut oldest, mut newest) = (SystemTime::now(), SystemTime::UNIX_EPOCH);
    for file in &step.makes {
        match time_of(&paths.root.join(paths.fill(file, &[])?)) {
            Some(time) => oldest = oldest.min(time),
            None => return Ok(false),
        }
    }
    for file in &step.from {
        let path = paths.root.join(paths.fill(file, &[])?);
        if !path.exists() {
            bail!("the input `{file}` of a build step does not exist");
        }
        newest = newest.max(newest_below(&path));
    }
    Ok(newest <= oldest)
}

fn time_of(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|found| found.modified()).ok()
}

/// Returns the modification time of the newest file below a directory, except in build
/// directories.
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

/// Runs the steps whose outputs are missing or outdated, or all steps.
pub fn build(target: &Target, paths: &Paths, all: bool) -> Result<()> {
    run_steps(
        &target.build,
        &format!("target `{}`", target.name),
        paths,
        all,
    )
}

/// Returns the reason why one of the services is unavailable, if any.
pub fn missing_service(services: &[&Service], paths: &Paths) -> Result<Option<String>> {
    for service in services {
        if let Availability::Missing(why) = service_availability(service, paths)? {
            return Ok(Some(format!(
                "service `{}` is unavailable: {why}",
                service.name
            )));
        }
    }
    Ok(None)
}

/// Builds services; fails if this machine lacks something that one needs.
pub fn build_services(services: &[&Service], paths: &Paths) -> Result<()> {
    if let Some(why) = missing_service(services, paths)? {
        bail!(why);
    }
    for service in services {
        let name = format!("service `{}`", service.name);
        run_steps(&service.build, &name, paths, false)?;
    }
    Ok(())
}

fn run_steps(steps: &[Build], name: &str, paths: &Paths, all: bool) -> Result<()> {
    for step in steps {
        if !all && is_made(step, paths)? {
            continue;
        }
        let command = fill_all(&step.command, paths)?;
        let Some((program, arguments)) = command.split_first() else {
            bail!("{name} has a build step without a command");
        };
        eprintln!("building {name}: {}", step.command.join(" "));
        let mut process = Command::new(program);
        process
            .args(arguments)
            .current_dir(paths.root.join(paths.fill(&step.folder, &[])?));
        for (name, value) in &step.environment {
            process.env(name, paths.fill(value, &[])?);
        }
        // The step must not read the terminal, and its output is shown only if it fails.
        let output = process.stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot run `{program}` to build {name}"))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned()
                + &String::from_utf8_lossy(&output.stdout);
            bail!(
                "the build step `{}` of {name} failed:\n{}",
                step.command.join(" "),
                super::child::last_lines(&text, 15)
            );
        }
        if !outputs_exist(step, paths)? {
            bail!(
                "the build step `{}` of {name} did not make `{}`",
                step.command.join(" "),
                step.makes.join("`, `")
            );
        }
        // A step may leave a current file untouched; update its time so that the step is not
        // repeated.
        for file in &step.makes {
            let path = paths.root.join(paths.fill(file, &[])?);
            let _ = File::open(path).and_then(|made| made.set_modified(SystemTime::now()));
        }
    }
    Ok(())
}

fn outputs_exist(step: &Build, paths: &Paths) -> Result<bool> {
    for file in &step.makes {
        if !paths.root.join(paths.fill(file, &[])?).exists() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Fills the placeholders of a command.
pub(super) fn fill_all(command: &[String], paths: &Paths) -> Result<Vec<String>> {
    command.iter().map(|word| paths.fill(word, &[])).collect()
}

/// Returns the first line of the version command's output.
pub fn version(target: &Target, paths: &Paths) -> Result<String> {
    let command = fill_all(&target.version, paths)?;
    let Some((program, arguments)) = command.split_first() else {
        return Ok("unknown".to_owned());
    };
    let output = Command::new(program)
        .args(arguments)
        .current_dir(&paths.root)
        .stdin(Stdio::null())
        .output();
    let output = output.with_context(|| {
        format!(
            "cannot run `{program}` for the version of target `{}`",
            target.name
        )
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) if output.status.success() => Ok(line.trim().to_owned()),
        _ => bail!(
            "target `{}` has no version: `{}` printed `{}`",
            target.name,
            target.version.join(" "),
            String::from_utf8_lossy(&output.stderr)
                .lines()
                .last()
                .unwrap_or_default()
        ),
    }
}
