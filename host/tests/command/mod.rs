//! The command line: the output of each command, and errors for invalid input.

mod build;
mod cache;
mod compile;
mod components;
mod config;
pub(crate) mod golden;
mod inspect;
mod log;
mod openapi;
mod source;
mod start;
mod tools;
mod usage;

use std::path::Path;

use spikard_wasm_testing::{Host, Run};

use crate::support::host;

/// Serves a file that cannot be served; returns the error, without the path of the file's
/// directory.
#[track_caller]
fn refusal_of(path: &Path) -> String {
    let run = host().run([
        "serve".as_ref(),
        path.as_os_str(),
        "--port".as_ref(),
        "0".as_ref(),
    ]);
    let said = failed(&run);
    said.replace(&path.display().to_string(), "APP")
}

/// Checks that a command failed with exit code 1 and one sentence, and returns the sentence.
#[track_caller]
pub(crate) fn failed(run: &Run) -> String {
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.stdout, "", "{run:?}");
    let errors: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    let [error] = errors.as_slice() else {
        panic!("not exactly one error: {}", run.stderr);
    };
    for word in [
        "panicked",
        "backtrace",
        "stack",
        "unwrap",
        " 0x", // names of temporary directories may contain "0x"
        ".rs:",
        "Error {",
        "Os {",
    ] {
        assert!(!error.contains(word), "`{word}` in {error}");
    }
    assert!(
        run.stderr.ends_with(&format!("{error}\n")),
        "{}",
        run.stderr
    );
    format!("{error}\n")
}

/// Returns a host with a separate cache directory.
fn host_with_cache(folder: &Path) -> Host {
    Host::new(env!("CARGO_BIN_EXE_spikard-wasm"), folder)
}
