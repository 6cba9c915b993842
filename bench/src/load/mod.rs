//! The load generator, a separate process that sends requests and measures replies. It reads a
//! plan from standard input and prints events as JSON lines.

mod engine;
mod open;
mod plan;
mod shared;
mod tally;
mod timer;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

pub use plan::{Event, Measured, Pace, Phase, Plan, Segment};
pub use tally::{Histogram, decode, encode, new_histogram};

use crate::server::Paths;

/// Maximum size of a plan. The process generates requests from templates, so plans are small.
const MAX_PLAN: u64 = 64 << 20;

/// Runs the hidden command `load`: reads a plan, executes it and prints events.
pub fn command() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().take(MAX_PLAN).read_to_string(&mut text)?;
    let plan: Plan =
        serde_json::from_str(&text).context("standard input is not a valid load plan")?;
    plan.cores.parse::<crate::server::Cores>()?.bind()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, engine::run(&plan, emit))
}

fn emit(event: &Event) -> Result<()> {
    let mut output = std::io::stdout().lock();
    serde_json::to_writer(&mut output, event)?;
    output.write_all(b"\n")?;
    output.flush()?;
    Ok(())
}

/// A running load process.
#[derive(Debug)]
pub struct Loader {
    child: Child,
}

impl Loader {
    /// Starts the process with a plan. A separate thread sends its events to the returned channel.
    pub fn start(paths: &Paths, plan: &Plan) -> Result<(Self, std::sync::mpsc::Receiver<Event>)> {
        let mut child = Command::new(paths.get("self"))
            .args([
                "exec",
                "--cores",
                &plan.cores,
                "--",
                paths.get("self"),
                "load",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the load process")?;
        let (sender, receiver) = std::sync::mpsc::channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines() {
                    let event = line
                        .map_err(anyhow::Error::from)
                        .and_then(|line| Ok(serde_json::from_str(&line)?));
                    let Ok(event) = event else { break };
                    if sender.send(event).is_err() {
                        break;
                    }
                }
            });
        }
        let mut input = child
            .stdin
            .take()
            .context("the load process has no standard input")?;
        let text = serde_json::to_vec(plan)?;
        let mut loader = Self { child };
        if let Err(error) = input.write_all(&text) {
            drop(input);
            let why = loader
                .finish()
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap_or_default();
            bail!("the load process did not read its plan: {error} {why}");
        }
        Ok((loader, receiver))
    }

    /// Waits for the process to exit; on failure, the error has its standard error.
    pub fn finish(&mut self) -> Result<()> {
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        let mut text = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            let _ = errors.read_to_string(&mut text);
        }
        bail!(
            "the load process failed ({status}): {}",
            text.trim().trim_start_matches("error: ")
        )
    }

    /// Kills the process.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.kill();
    }
}
