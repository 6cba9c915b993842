//! A child process whose last output is kept, and which ends with all its descendants.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::proc;

/// How long a process may take for a graceful shutdown, as in the Spikard harness.
const GRACE: Duration = Duration::from_secs(15);
const MAX_LINES: usize = 200;

/// A child process in a session of its own.
#[derive(Debug)]
pub(super) struct ManagedChild {
    child: Child,
    lines: Arc<Mutex<VecDeque<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl ManagedChild {
    /// Starts a command without input.
    pub(super) fn spawn(command: &mut Command) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = Vec::new();
        if let Some(output) = child.stdout.take() {
            readers.push(keep_lines(output, lines.clone()));
        }
        if let Some(output) = child.stderr.take() {
            readers.push(keep_lines(output, lines.clone()));
        }
        Ok(Self {
            child,
            lines,
            readers,
        })
    }

    /// Returns the process ID.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the exit status if the process has exited.
    pub(super) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(status.to_string())
    }

    /// Returns the last lines of its output.
    pub(super) fn tail(&self, lines: usize) -> String {
        let kept = self
            .lines
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let skipped = kept.len().saturating_sub(lines);
        kept.iter()
            .skip(skipped)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Stops the process and all its descendants, and returns its last output.
    pub(super) fn end(&mut self) -> String {
        // With start times, because a process ID may be reused by then.
        let all: Vec<(u32, Option<u64>)> = proc::family(self.pid())
            .into_iter()
            .map(|pid| (pid, proc::started(pid)))
            .collect();
        if let Some(group) = Pid::from_raw(self.pid() as i32) {
            if self.ended().is_none() {
                let _ = kill_process_group(group, Signal::TERM);
                let until = Instant::now() + GRACE;
                while self.ended().is_none() && Instant::now() < until {
                    thread::sleep(Duration::from_millis(2));
                }
            }
            // Kill the remaining descendants, including those in other process groups.
            for (pid, started) in all {
                if started.is_some() && proc::started(pid) == started {
                    let _ = Pid::from_raw(pid as i32).map(|pid| kill_process(pid, Signal::KILL));
                }
            }
        }
        let _ = self.child.wait();
        let until = Instant::now() + Duration::from_secs(1);
        for reader in self.readers.drain(..) {
            while !reader.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.tail(12)
    }
}

impl Drop for ManagedChild {
    fn drop(&mut self) {
        self.end();
    }
}

/// Describes the last output of a failed process.
pub(super) fn last_output(tail: &str) -> String {
    if tail.is_empty() {
        "it printed nothing".to_owned()
    } else {
        format!("its last lines:\n{tail}")
    }
}

fn keep_lines(
    output: impl Read + Send + 'static,
    lines: Arc<Mutex<VecDeque<String>>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        // Cut long lines, so that output without line ends cannot exhaust memory.
        while reader
            .by_ref()
            .take(4096)
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let mut kept = lines
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            if kept.len() == MAX_LINES {
                kept.pop_front();
            }
            kept.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    })
}

/// Returns the last lines of a text.
pub(super) fn last_lines(text: &str, number: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(number)..].join("\n")
}
