//! What the command can do, one file each.

pub(crate) mod build;
pub(crate) mod doctor;
pub(crate) mod inspect;
pub(crate) mod openapi;
pub(crate) mod serve;
pub(crate) mod wit;

use std::path::Path;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use spikard_wasm_app::Description;
use spikard_wasm_runtime::{Cache, LoadError, Loaded, Progress, Runtime};

/// What is to be loaded.
pub(crate) enum Source<'a> {
    File(&'a Path),
    Demo(&'static [u8]),
}

/// Loads a component and asks for its routes. On a terminal a spinner says what
/// takes so long.
pub(crate) fn load(
    runtime: &Runtime,
    source: &Source<'_>,
    cache: Option<&Cache>,
) -> Result<(Loaded, Description), LoadError> {
    let mut spinner: Option<ProgressBar> = None;
    let mut progress = |step| match step {
        Progress::Compiling(bytes) => spinner = Some(compiling(bytes)),
        Progress::Compiled => {
            if let Some(spinner) = spinner.take() {
                spinner.finish_and_clear();
            }
        }
    };
    let loaded = match source {
        Source::File(path) => runtime.load(path, cache, &mut progress)?,
        Source::Demo(bytes) => runtime.load_bytes("demo", bytes, cache, &mut progress)?,
    };
    let description = block_on(loaded.describe())?;
    Ok((loaded, description))
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
