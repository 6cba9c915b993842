//! `build`: builds an app into a component with the tools of its language.

mod javascript_entry;
mod project;
mod rust;
mod source;

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use self::project::{Language, Project};
use crate::args::{BuildArgs, Engine, LogFormat, LogLevel};
use crate::tools;
use crate::wit;

pub(crate) use self::project::RUST_TARGET;

/// The first bytes of a component.
const WASM: [u8; 4] = *b"\0asm";

pub(crate) fn run(args: &BuildArgs) -> Result<()> {
    crate::log::start(LogFormat::Text, LogLevel::Warn);
    let start = Instant::now();
    let project = Project::read(&args.app)?;
    if let (Some(engine), true) = (args.engine, project.language != Language::Javascript) {
        bail!(
            "`--engine {}` applies to JavaScript only, but `{}` is a {} app; omit the flag",
            engine.as_str(),
            args.app.display(),
            project.language
        );
    }
    // Tools run in the app's folder, but the output path is relative to the current one.
    let output = env::current_dir()
        .context("failed to read the current folder")?
        .join(&args.output);
    if output.is_dir() {
        bail!(
            "`{}` is a folder; pass a file name to `-o`",
            args.output.display()
        );
    }
    check_output(&output, &args.output)?;
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).with_context(|| {
            format!(
                "failed to create the folder of `{}`; pass another path to `-o`",
                args.output.display()
            )
        })?;
    }
    match project.language {
        Language::Rust => rust::build(&project, &output)?,
        Language::Javascript => javascript(&project, args, &output)?,
        Language::Python => python(&project, &output)?,
    }
    let size = fs::metadata(&output)
        .with_context(|| format!("the build wrote no file `{}`", output.display()))?
        .len();
    println!(
        "built {} from {} ({}, {:.1} MB, {:.1} s); next: spikard-wasm serve {}",
        args.output.display(),
        args.app.display(),
        project.language,
        size as f64 / 1e6,
        start.elapsed().as_secs_f64(),
        args.output.display(),
    );
    Ok(())
}

/// Builds a file on QuickJS by itself if it imports no package. Otherwise runs the SDK's command,
/// which bundles the app and builds a component with the engine.
fn javascript(project: &Project, args: &BuildArgs, output: &Path) -> Result<()> {
    let entry = match &project.entry {
        Some(entry) => project.folder.join(entry),
        None => javascript_entry::find(&project.folder)?,
    };
    let default = match project.is_file {
        true => Engine::Quickjs,
        false => Engine::Starlingmonkey,
    };
    let engine = args.engine.or(project.engine).unwrap_or(default);
    let node = tools::NODE.on_path();
    let command = tools::JS_SDK.find_in(tools::js_folders(&project.folder));
    let is_installed = node.is_some() && command.is_some();
    let mut bundled = None;
    if engine == Engine::Quickjs && (project.is_file || !is_installed) {
        match source::build(&entry, args.cache.cache().as_ref()) {
            Ok(component) => {
                return write(output, &component)
                    .with_context(|| format!("failed to write `{}`", args.output.display()));
            }
            Err(error) if error.is::<source::NeedsBundler>() => bundled = Some(error),
            Err(error) => return Err(error),
        }
    }
    let why = || {
        match (&bundled, engine) {
        (Some(error), _) => Some(error.to_string()),
        (None, Engine::Starlingmonkey) => Some(
            "StarlingMonkey needs Node.js and the SDK; pass `--engine quickjs` to build without them"
                .to_owned(),
        ),
        (None, Engine::Quickjs) => None,
    }
    };
    require(&tools::NODE, node, why())?;
    let mut build = Command::new(require(&tools::JS_SDK, command, why())?);
    build
        .arg("build")
        .arg(entry)
        .args(["--engine", engine.as_str(), "-o"])
        .arg(output);
    if engine == Engine::Quickjs {
        // The engine has its own WIT package.
        return run_tool(build, project);
    }
    let wit = wit_folder()?;
    build.arg("--wit").arg(wit.path());
    run_tool(build, project)
}

/// Fails if the output is another file than a component: it may be a source file of the app.
fn check_output(path: &Path, shown: &Path) -> Result<()> {
    let mut head = [0; WASM.len()];
    let is_other = fs::File::open(path).is_ok_and(|mut file| {
        let size = file.read(&mut head).unwrap_or_default();
        size > 0 && head != WASM
    });
    if is_other {
        bail!(
            "`{}` exists and is not WebAssembly; pass another file name to `-o`, or remove the file",
            shown.display()
        );
    }
    Ok(())
}

/// Writes a temporary file and renames it, so that a failed build keeps the previous component.
fn write(path: &Path, component: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("writing-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(component)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Requires a tool, for a reason if there is one.
fn require(tool: &tools::Tool, found: Option<PathBuf>, why: Option<String>) -> Result<PathBuf> {
    let found = tool.require(found);
    match why {
        Some(why) => found.context(why),
        None => found,
    }
}

/// Runs componentize-py, which finds installed packages through `VIRTUAL_ENV`.
fn python(project: &Project, output: &Path) -> Result<()> {
    let environment = tools::python_environment(&project.folder);
    let bin = environment.as_deref().map(tools::environment_bin);
    let command = tools::COMPONENTIZE_PY.find_in(bin);
    let wit = wit_folder()?;
    let mut build = Command::new(tools::COMPONENTIZE_PY.require(command)?);
    if let Some(environment) = environment {
        build.env("VIRTUAL_ENV", environment);
    }
    build
        // A backtrace would print the tool's own stack before each error of the app.
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

/// Writes the embedded WIT package to a temporary folder.
fn wit_folder() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir().context("failed to create a temporary folder")?;
    wit::write(folder.path()).context("failed to write the WIT package to a temporary folder")?;
    Ok(folder)
}

/// Runs a tool in the app's folder with inherited output.
fn run_tool(mut command: Command, project: &Project) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    let status = command
        .current_dir(&project.folder)
        .status()
        .with_context(|| format!("failed to run `{name}`"))?;
    if !status.success() {
        bail!(
            "`{name}` failed to build `{}` ({status}); see its output above",
            project.folder.display()
        );
    }
    Ok(())
}
