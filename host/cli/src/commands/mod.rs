//! Subcommands, one module each, and the loading of components that they share.

pub(crate) mod build;
pub(crate) mod compile;
pub(crate) mod doctor;
pub(crate) mod inspect;
mod limits;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod serve;
pub(crate) mod wit;

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use spikard_wasm_app::Description;
use spikard_wasm_runtime::{Cache, LoadError, Loaded, Progress, Runtime};

/// File extensions of the source code of apps.
const SOURCES: [&str; 9] = ["cjs", "js", "jsx", "mjs", "mts", "py", "rs", "ts", "tsx"];

/// Source of a component to load.
pub(crate) enum ComponentSource<'a> {
    File(&'a Path),
    /// A file that `compile` wrote.
    Precompiled(&'a Path),
    Demo(&'static [u8]),
}

impl ComponentSource<'_> {
    /// Preliminary name of the app, until its description is known.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::File(path) | Self::Precompiled(path) => {
                path.file_stem().unwrap_or_default().to_string_lossy()
            }
            Self::Demo(_) => "demo".into(),
        }
    }
}

/// Loads a component and calls its `describe`. On a terminal, shows a spinner while it
/// compiles.
pub(crate) fn load(
    runtime: &Runtime,
    source: &ComponentSource<'_>,
    cache: Option<&Cache>,
) -> Result<(Loaded, Description), LoadError> {
    let mut spinner = Spinner::default();
    let loaded = match source {
        ComponentSource::File(path) => runtime.load(path, cache, &mut spinner.progress())?,
        ComponentSource::Precompiled(path) => runtime.load_precompiled(path)?,
        ComponentSource::Demo(bytes) => {
            runtime.load_bytes("demo", bytes, cache, &mut spinner.progress())?
        }
    };
    let description = block_on(loaded.describe())?;
    Ok((loaded, description))
}

/// Fails if the path of a component is that of something else. A path that does not exist passes.
fn check_component(path: &Path) -> anyhow::Result<()> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    if path.is_file() {
        if SOURCES.contains(&&*extension) {
            anyhow::bail!(
                "`{0}` is source code, not a component; run `spikard-wasm build {0} -o app.wasm` and pass `app.wasm`",
                path.display()
            );
        }
        return Ok(());
    }
    if path.exists() && !path.is_dir() {
        anyhow::bail!(
            "`{}` is not a regular file; pass a component",
            path.display()
        );
    }
    if path.is_dir() {
        anyhow::bail!(
            "`{0}` is a folder, not a component; run `spikard-wasm build {0} -o app.wasm` and pass `app.wasm`",
            path.display()
        );
    }
    Ok(())
}

/// Fails if a command would overwrite a file that it reads.
fn check_output(output: &Path, input: &Path) -> anyhow::Result<()> {
    let same = output.canonicalize().is_ok_and(|output| {
        let input = input.canonicalize();
        input.is_ok_and(|input| input == output)
    });
    if same {
        anyhow::bail!(
            "`{}` is the input; pass another file name to `-o`",
            output.display()
        );
    }
    Ok(())
}

/// Spinner on standard error while a component compiles; hidden without a terminal.
#[derive(Default)]
pub(crate) struct Spinner(Option<ProgressBar>);

impl Spinner {
    fn progress(&mut self) -> impl FnMut(Progress) {
        |event| match event {
            Progress::Compiling(bytes) => self.0 = Some(compiling(bytes)),
            Progress::Compiled => {
                if let Some(spinner) = self.0.take() {
                    spinner.finish_and_clear();
                }
            }
        }
    }
}

/// Starts a spinner. indicatif draws it only if standard error is a terminal.
fn compiling(bytes: u64) -> ProgressBar {
    let megabytes = bytes as f64 / 1e6;
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.set_message(format!("compiling ({megabytes:.1} MB),"));
    spinner.enable_steady_tick(std::time::Duration::from_millis(100));
    spinner
}

fn block_on<T>(future: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| LoadError::Engine(error.to_string()))?
        .block_on(future)
}

/// Milliseconds since an instant, rounded to tenths.
fn elapsed_ms(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}
