//! `conformance --host BINARY --guest COMPONENT --cache FOLDER --deviations FILE DIR`:
//! runs the fixtures of a folder; `scripts/conformance` calls it.

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
                let value = args.next().ok_or(format!("`{arg}` has no value"))?;
                flags.insert(name.to_owned(), value.into());
            }
            None if folder.is_none() => folder = Some(arg),
            None => return Err(format!("`{arg}` is one folder too many")),
        }
    }
    let folder = folder.ok_or("no folder of fixtures is given")?;
    let mut flag = |name: &str| flags.remove(name).ok_or(format!("`--{name}` is missing"));
    let host = Host::new(flag("host")?, flag("cache")?);
    let template = Template::read(&flag("guest")?)?;
    let deviations = Deviations::read(&flag("deviations")?)?;
    if let Some(name) = flags.keys().next() {
        return Err(format!("there is no flag `--{name}`"));
    }
    let start = Instant::now();
    let report = run(Path::new(&folder), &host, &template, &deviations)?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{} apps in {seconds:.1} s", report.apps);
    println!("{}", report.text());
    Ok(report.is_fine())
}
