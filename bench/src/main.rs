//! `spikard-bench`; run `spikard-bench --help` for its usage.

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
