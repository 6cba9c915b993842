//! Runs the fixtures of a directory. `scripts/conformance` calls this program.
//!
//! Usage: `conformance --host BINARY --guest COMPONENT --cache DIR --deviations FILE DIR`

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use spikard_wasm_testing::Host;
use spikard_wasm_testing::conformance::{Deviations, Template, run};

fn main() -> ExitCode {
    match conform(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn conform(mut args: impl Iterator<Item = String>) -> Result<bool, String> {
    let mut flags: HashMap<String, PathBuf> = HashMap::new();
    let mut folder = None;
    while let Some(arg) = args.next() {
        match arg.strip_prefix("--") {
            Some(name) => {
                let value = args.next().ok_or(format!("`{arg}` requires a value"))?;
                flags.insert(name.to_owned(), value.into());
            }
            None if folder.is_none() => folder = Some(arg),
            None => {
                return Err(format!(
                    "unexpected argument `{arg}`: pass one directory of fixtures"
                ));
            }
        }
    }
    let folder = folder.ok_or("missing argument: pass a directory of fixtures")?;
    let mut flag = |name: &str| flags.remove(name).ok_or(format!("`--{name}` is missing"));
    let host = Host::new(flag("host")?, flag("cache")?);
    let template = Template::read(&flag("guest")?)?;
    let deviations = Deviations::read(&flag("deviations")?)?;
    if let Some(name) = flags.keys().next() {
        return Err(format!("unknown flag `--{name}`"));
    }
    let start = Instant::now();
    let report = run(Path::new(&folder), &host, &template, &deviations)?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{} apps in {seconds:.1} s", report.apps);
    println!("{}", report.text());
    Ok(report.is_fine())
}
