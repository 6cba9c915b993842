//! A server process and its descendants.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::defs::{App, Target};
use crate::{client, proc};

use super::{Cores, Paths};

/// How long a server may take for a graceful shutdown, as in the Spikard harness.
const GRACE: Duration = Duration::from_secs(15);
const MAX_LINES: usize = 200;

/// How to start a server.
#[derive(Debug, Clone)]
pub struct Start<'a> {
    /// The target.
    pub target: &'a Target,
    /// The program of the target.
    pub app: &'a App,
    /// The cores for the server.
    pub cores: &'a Cores,
    /// The number of workers.
    pub workers: usize,
    /// The port; `None` for a free one.
    pub port: Option<u16>,
    /// True to let the server use the caches of earlier starts.
    pub cached: bool,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// The name of the target.
    pub name: String,
    /// The port on which it listens.
    pub port: u16,
    /// Time from the start of the process to the first 2xx.
    pub startup: Duration,
    child: Child,
    lines: Arc<Mutex<VecDeque<String>>>,
    readers: Vec<JoinHandle<()>>,
}

/// Returns a port that no process listens on.
pub fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener.local_addr()?.port())
}

impl Server {
    /// Starts the server and waits until it is ready.
    pub fn start(paths: &Paths, start: &Start<'_>) -> Result<Self> {
        let name = &start.target.name;
        let port = match start.port {
            Some(port) => port,
            None => free_port()?,
        };
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            bail!(
                "port `{port}` for target `{name}` is already in use: pass another one with `--port`, or omit it"
            );
        }
        let command = command_line(paths, start, port)?;
        let cores = start.cores.to_string();
        let mut process = Command::new(paths.get("self"));
        process
            .args(["exec", "--cores", &cores, "--"])
            .args(&command)
            .current_dir(paths.root.join(paths.fill(&start.target.run.folder, &[])?))
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (variable, value) in &start.target.run.environment {
            process.env(variable, fill(paths, start, value, port)?);
        }
        let started = Instant::now();
        let mut child = process
            .spawn()
            .with_context(|| format!("cannot start target `{name}`"))?;
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = Vec::new();
        if let Some(output) = child.stdout.take() {
            readers.push(keep_lines(output, lines.clone()));
        }
        if let Some(output) = child.stderr.take() {
            readers.push(keep_lines(output, lines.clone()));
        }
        let startup = Duration::ZERO;
        let mut server = Self {
            name: name.clone(),
            port,
            startup,
            child,
            lines,
            readers,
        };
        match server.wait(
            &start.target.ready.path,
            Duration::from_secs_f64(start.target.ready.seconds),
            started,
        ) {
            Ok(()) => {
                server.startup = started.elapsed();
                Ok(server)
            }
            Err(error) => {
                let tail = server.end();
                let shown = if tail.is_empty() {
                    "it printed nothing".to_owned()
                } else {
                    format!("its last lines:\n{tail}")
                };
                Err(anyhow::anyhow!("target `{name}` {error}; {shown}"))
            }
        }
    }

    fn wait(&mut self, path: &str, timeout: Duration, started: Instant) -> Result<()> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("ended before it was ready ({status})");
            }
            let refused = match client::get(self.port, path, Duration::from_secs(5)) {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if started.elapsed() > timeout {
                bail!(
                    "was not ready within {} s: {refused:#}",
                    timeout.as_secs_f64()
                );
            }
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// Returns the process ID of the server, the root of its process tree.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the exit status if the server has exited.
    pub fn ended(&mut self) -> Option<String> {
        self.child
            .try_wait()
            .ok()
            .flatten()
            .map(|status| status.to_string())
    }

    /// Returns the last lines of its output.
    pub fn tail(&self, lines: usize) -> String {
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

    /// Stops the server and all its descendants, and returns its last output.
    pub fn stop(mut self) -> String {
        self.end()
    }

    fn end(&mut self) -> String {
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

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn command_line(paths: &Paths, start: &Start<'_>, port: u16) -> Result<Vec<String>> {
    let run = &start.target.run;
    let uncached: &[String] = if start.cached { &[] } else { &run.uncached };
    if !run.command.iter().any(|word| word.contains("{port}"))
        && !run
            .environment
            .values()
            .any(|value| value.contains("{port}"))
    {
        bail!(
            "the command of target `{}` does not name `{{port}}`",
            start.target.name
        );
    }
    run.command
        .iter()
        .chain(uncached)
        .map(|word| fill(paths, start, word, port))
        .collect()
}

fn fill(paths: &Paths, start: &Start<'_>, text: &str, port: u16) -> Result<String> {
    let app = paths.fill(&start.app.file, &[])?;
    let more = [
        ("port", &*port.to_string()),
        ("workers", &*start.workers.to_string()),
        ("cores", &*start.cores.to_string()),
        ("app", &*app),
    ];
    paths.fill(text, &more)
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
pub(crate) fn last_lines(text: &str, number: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(number)..].join("\n")
}
