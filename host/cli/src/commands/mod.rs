//! What the command can do, one file each.

pub(crate) mod build;
pub(crate) mod compile;
pub(crate) mod doctor;
pub(crate) mod inspect;
mod limits;
pub(crate) mod openapi;
pub(crate) mod serve;
pub(crate) mod wit;

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use spikard_wasm_app::Description;
use spikard_wasm_runtime::{Cache, LoadError, Loaded, Progress, Runtime};

/// What is to be loaded.
pub(crate) enum Source<'a> {
    File(&'a Path),
    /// What `compile` wrote.
    Precompiled(&'a Path),
    Demo(&'static [u8]),
}

impl Source<'_> {
    /// A name for the app, before its description is known.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::File(path) | Self::Precompiled(path) => {
                path.file_stem().unwrap_or_default().to_string_lossy()
            }
            Self::Demo(_) => "demo".into(),
        }
    }
}

/// Loads a component and asks for its routes. On a terminal a spinner says what
/// takes so long.
pub(crate) fn load(
    runtime: &Runtime,
    source: &Source<'_>,
    cache: Option<&Cache>,
) -> Result<(Loaded, Description), LoadError> {
    let mut spinner = Spinner::default();
    let loaded = match source {
        Source::File(path) => runtime.load(path, cache, &mut spinner.steps())?,
        Source::Precompiled(path) => runtime.load_precompiled(path)?,
        Source::Demo(bytes) => runtime.load_bytes("demo", bytes, cache, &mut spinner.steps())?,
    };
    let description = block_on(loaded.describe())?;
    Ok((loaded, description))
}

/// Refuses a folder where a component should be.
fn refuse_folder(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        anyhow::bail!(
            "`{0}` is a folder, not a component: build it first (`spikard-wasm build {0} -o app.wasm`), then serve `app.wasm`",
            path.display()
        );
    }
    Ok(())
}

/// Says on a terminal that a component is being compiled.
#[derive(Default)]
pub(crate) struct Spinner(Option<ProgressBar>);

impl Spinner {
    fn steps(&mut self) -> impl FnMut(Progress) {
        |step| match step {
            Progress::Compiling(bytes) => self.0 = Some(compiling(bytes)),
            Progress::Compiled => {
                if let Some(spinner) = self.0.take() {
                    spinner.finish_and_clear();
                }
            }
        }
    }
}

/// indicatif draws on standard error, and nothing where that is no terminal.
fn compiling(bytes: u64) -> ProgressBar {
    let megabytes = bytes as f64 / 1e6;
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.set_message(format!("compiling a component of {megabytes:.1} MB, once;"));
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

/// Milliseconds since an instant, to the tenth.
fn millis(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}
