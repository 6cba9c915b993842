//! The command line of the benches.

use std::path::PathBuf;
use std::time::Duration;
use wasmtime::{Result, bail, format_err};

/// The selection and the length of a run.
pub(crate) struct Options {
    /// The directory with the components.
    pub(crate) guests: PathBuf,
    /// The only lane to measure, if given.
    pub(crate) lane: Option<String>,
    /// The only measurements to run, if given.
    pub(crate) only: Option<String>,
    /// The core to pin to.
    pub(crate) cpu: Option<u32>,
    /// The number of threads to compare with one.
    pub(crate) threads: usize,
    /// The number of sessions; each instantiates all components again.
    pub(crate) sessions: usize,
    /// Rounds per session; each times every subject twice.
    pub(crate) rounds: usize,
    /// The target length of a timed batch of calls.
    pub(crate) batch: Duration,
    /// True to print JSON instead of tables.
    pub(crate) json: bool,
}

impl Options {
    /// Parses the arguments. `script` is the script that builds the guests.
    pub(crate) fn parse(script: &str, mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut guests = None;
        let mut options = Self {
            guests: PathBuf::new(),
            lane: None,
            only: None,
            cpu: None,
            threads: 1,
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
                // An argument that `cargo bench` adds.
                "--bench" => {}
                "--json" => options.json = true,
                // Just enough to see that everything runs.
                "--quick" => (options.sessions, options.rounds) = (1, 3),
                "--guests" => guests = Some(PathBuf::from(value()?)),
                "--lane" => options.lane = Some(value()?),
                "--only" => options.only = Some(value()?),
                "--cpu" => options.cpu = Some(number(&name, &value()?)?),
                "--threads" => options.threads = number::<usize>(&name, &value()?)?.max(1),
                "--sessions" => options.sessions = number::<usize>(&name, &value()?)?.max(1),
                "--rounds" => options.rounds = number::<usize>(&name, &value()?)?.max(1),
                "--batch-ms" => {
                    options.batch = Duration::from_millis(number::<u64>(&name, &value()?)?.max(1));
                }
                _ => bail!(
                    "unknown option `{name}`: use --guests DIR, --lane NAME, --only NAME, --cpu N, \
                     --threads N, --sessions N, --rounds N, --batch-ms N, --quick or --json"
                ),
            }
        }
        options.guests = guests.ok_or_else(|| {
            format_err!("`--guests DIR` is missing: run `{script}`, which builds them")
        })?;
        Ok(options)
    }

    /// Returns the lanes to measure.
    pub(crate) fn lanes(&self) -> Result<Vec<&'static str>> {
        let wanted = |lane: &&str| self.lane.as_deref().is_none_or(|only| only == *lane);
        let lanes: Vec<&'static str> = super::LANES.into_iter().filter(wanted).collect();
        match lanes.is_empty() {
            false => Ok(lanes),
            true => bail!(
                "unknown lane `{}`: use one of {}",
                self.lane.as_deref().unwrap_or_default(),
                super::LANES.join(", ")
            ),
        }
    }

    /// Returns true if a measurement is selected.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    value
        .parse()
        .map_err(|_| format_err!("`{name}` needs a number, not `{value}`"))
}
