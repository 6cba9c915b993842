//! The command line.

use std::path::PathBuf;
use std::time::Duration;
use wasmtime::{Result, bail, format_err};

/// What a run measures and how long it takes.
pub(crate) struct Options {
    /// The folder with the components, `<lane>-<shape>.wasm`.
    pub(crate) guests: PathBuf,
    /// The only lane to measure, when given.
    pub(crate) lane: Option<String>,
    /// The core to pin to.
    pub(crate) cpu: Option<u32>,
    /// How often every component is instantiated anew.
    pub(crate) sessions: usize,
    /// Rounds of each session; each times every shape twice.
    pub(crate) rounds: usize,
    /// How long one timed batch of calls should take.
    pub(crate) batch: Duration,
    /// Prints JSON instead of tables.
    pub(crate) json: bool,
}

impl Options {
    /// Reads the arguments that follow the program's name.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut guests = None;
        let mut options = Self {
            guests: PathBuf::new(),
            lane: None,
            cpu: None,
            sessions: 5,
            rounds: 12,
            batch: Duration::from_millis(2),
            json: false,
        };
        while let Some(name) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format_err!("`{name}` needs a value"))
            };
            match name.as_str() {
                // What `cargo bench` adds.
                "--bench" => {}
                "--json" => options.json = true,
                "--guests" => guests = Some(PathBuf::from(value()?)),
                "--lane" => options.lane = Some(value()?),
                "--cpu" => options.cpu = Some(number(&name, &value()?)?),
                "--sessions" => options.sessions = number::<usize>(&name, &value()?)?.max(1),
                "--rounds" => options.rounds = number::<usize>(&name, &value()?)?.max(1),
                "--batch-ms" => {
                    options.batch = Duration::from_millis(number::<u64>(&name, &value()?)?.max(1));
                }
                _ => bail!(
                    "unknown option `{name}`: use --guests DIR, --lane NAME, --cpu N, \
                     --sessions N, --rounds N, --batch-ms N or --json"
                ),
            }
        }
        options.guests = guests.ok_or_else(|| {
            format_err!("`--guests DIR` is missing: run `scripts/bench-shapes`, which builds them")
        })?;
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    value
        .parse()
        .map_err(|_| format_err!("`{name}` needs a number, not `{value}`"))
}
