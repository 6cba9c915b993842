//! `build`: makes a component of an app's folder with its language's own tools.

mod project;
mod rust;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use self::project::{Language, Project};
use crate::args::{BuildArgs, Engine};
use crate::tools::{self, Tool};
use crate::wit;

pub(crate) use self::project::RUST_TARGET;

pub(crate) fn run(args: &BuildArgs) -> Result<()> {
    let start = Instant::now();
    let project = Project::read(&args.dir)?;
    if let (Some(engine), true) = (args.engine, project.language != Language::Javascript) {
        bail!(
            "`--engine {}` is for JavaScript, and `{}` is a {} app: leave the flag out",
            engine.as_str(),
            args.dir.display(),
            project.language
        );
    }
    // Tools run in the app's folder, while the output is meant from here.
    let output = env::current_dir()
        .context("the current folder is gone")?
        .join(&args.output);
    if output.is_dir() {
        bail!(
            "`{}` is a folder: `-o` names the file to write",
            args.output.display()
        );
    }
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    }
    match project.language {
        Language::Rust => rust::build(&project, &output)?,
        Language::Javascript => javascript(&project, args.engine, &output)?,
        Language::Python => python(&project, &output)?,
    }
    let size = fs::metadata(&output)
        .with_context(|| format!("the build ended without writing `{}`", output.display()))?
        .len();
    println!(
        "built {} from {} ({}, {:.1} MB, {:.1} s); next: spikard-wasm serve {}",
        args.output.display(),
        args.dir.display(),
        project.language,
        size as f64 / 1e6,
        start.elapsed().as_secs_f64(),
        args.output.display(),
    );
    Ok(())
}

/// The SDK's own command bundles the app and calls its engine's componentizer.
fn javascript(project: &Project, engine: Option<Engine>, output: &Path) -> Result<()> {
    need(&tools::NODE, tools::NODE.on_path())?;
    let command = tools::JS_SDK.find_in(tools::js_folders(&project.folder));
    let engine = engine.or(project.engine).unwrap_or(Engine::Starlingmonkey);
    let wit = wit_folder()?;
    let entry = project.entry.as_deref().map_or_else(
        || project.folder.clone(),
        |entry| project.folder.join(entry),
    );
    let mut build = Command::new(need(&tools::JS_SDK, command)?);
    build
        .arg("build")
        .arg(entry)
        .args(["--engine", engine.as_str(), "--wit"])
        .arg(wit.path())
        .arg("-o")
        .arg(output);
    run_tool(build, project)
}

/// componentize-py finds installed packages through `VIRTUAL_ENV`.
fn python(project: &Project, output: &Path) -> Result<()> {
    let environment = tools::python_environment(&project.folder);
    let bin = environment.as_deref().map(tools::environment_bin);
    let command = tools::COMPONENTIZE_PY.find_in(bin);
    let wit = wit_folder()?;
    let mut build = Command::new(need(&tools::COMPONENTIZE_PY, command)?);
    if let Some(environment) = environment {
        build.env("VIRTUAL_ENV", environment);
    }
    build
        // With it every error of the app comes behind the tool's own stack.
        .env("RUST_BACKTRACE", "0")
        .args(["--quiet", "-d"])
        .arg(wit.path())
        .args(["-w", wit::WORLD, "componentize", "-p"])
        .arg(&project.folder)
        .arg("-o")
        .arg(output)
        .arg(project.entry.as_deref().unwrap_or("app"));
    run_tool(build, project)
}

/// The embedded WIT package in a folder for the time of a build.
fn wit_folder() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    wit::write(folder.path()).context("cannot write the WIT package to a temporary folder")?;
    Ok(folder)
}

fn need(tool: &Tool, found: Option<PathBuf>) -> Result<PathBuf> {
    found.with_context(|| {
        format!(
            "`{}` was not found, and this build needs it: {}",
            tool.name, tool.install
        )
    })
}

/// Runs a tool in the app's folder. What it prints is the user's to read.
fn run_tool(mut command: Command, project: &Project) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    let status = command
        .current_dir(&project.folder)
        .status()
        .with_context(|| format!("`{name}` cannot be run"))?;
    if !status.success() {
        bail!(
            "`{name}` could not build `{}` ({status}); what it says is above",
            project.folder.display()
        );
    }
    Ok(())
}
