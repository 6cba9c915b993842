//! `spikard-bench`: see `spikard-bench --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match spikard_bench::cli::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
