//! Puts a mixed load on hosts and checks for leaks. `scripts/soak` calls this program.
//!
//! Usage: `soak --host BINARY --cache DIR [--minutes N] [--seed N] [--out FILE]`

use std::collections::HashMap;
use std::fs;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use spikard_wasm_testing::Host;
use spikard_wasm_testing::soak::{Plan, run};

fn main() -> ExitCode {
    match soak(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn soak(mut args: impl Iterator<Item = String>) -> Result<bool, String> {
    let mut flags: HashMap<String, String> = HashMap::new();
    while let Some(arg) = args.next() {
        let name = arg
            .strip_prefix("--")
            .ok_or(format!("unknown argument `{arg}`"))?;
        let value = args.next().ok_or(format!("`{arg}` requires a value"))?;
        flags.insert(name.to_owned(), value);
    }
    let mut flag = |name: &str| flags.remove(name);
    let missing = |name: &str| format!("`--{name}` is missing");
    let binary = flag("host").ok_or_else(|| missing("host"))?;
    let cache = flag("cache").ok_or_else(|| missing("cache"))?;
    let minutes = flag("minutes").unwrap_or_else(|| "10".to_owned());
    let time = minutes
        .parse()
        .ok()
        .filter(|minutes| (0.1..=1440.0).contains(minutes));
    let time: f64 = time.ok_or(format!(
        "invalid minutes `{minutes}`: pass a number from 0.1 to 1440"
    ))?;
    let seed = match flag("seed") {
        Some(seed) => seed.parse().map_err(|_| format!("invalid seed `{seed}`"))?,
        None => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs()),
    };
    let out = flag("out");
    if let Some(name) = flags.keys().next() {
        return Err(format!("unknown flag `--{name}`"));
    }
    let plan = Plan {
        host: Host::new(binary, cache),
        time: Duration::from_secs_f64(time * 60.0),
        seed,
    };
    let report = run(&plan);
    print!("{}", report.text());
    if let Some(out) = out {
        fs::write(&out, report.text()).map_err(|error| format!("`{out}`: {error}"))?;
    }
    Ok(report.is_fine())
}
