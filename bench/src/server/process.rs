//! A server process and its descendants.

use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::client;
use crate::defs::{App, Service, Target};

use super::child::{ManagedChild, last_output};
use super::exec::command_on;
use super::port::free_port;
use super::service::RunningService;
use super::{Cores, Paths};

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
    /// The services that the server's workloads need.
    pub services: &'a [&'a Service],
    /// The cores for the services.
    pub service_cores: &'a Cores,
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
    process: ManagedChild,
    // The services end after the process, because fields are dropped in order.
    _services: Vec<RunningService>,
}

impl Server {
    /// Starts the services and the server, and waits until they are ready.
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
        let services = start
            .services
            .iter()
            .map(|service| RunningService::start(paths, service, start.service_cores))
            .collect::<Result<Vec<_>>>()?;
        let command = command_line(paths, start, &services, port)?;
        let mut process = command_on(paths, start.cores, &command);
        process
            .current_dir(paths.root.join(paths.fill(&start.target.run.folder, &[])?))
            .env("PORT", port.to_string());
        for (variable, value) in services.iter().flat_map(RunningService::variables) {
            process.env(variable, value);
        }
        for (variable, value) in &start.target.run.environment {
            process.env(variable, fill(paths, start, &services, value, port)?);
        }
        let started = Instant::now();
        let process = ManagedChild::spawn(&mut process)
            .with_context(|| format!("cannot start target `{name}`"))?;
        let mut server = Self {
            name: name.clone(),
            port,
            startup: Duration::ZERO,
            process,
            _services: services,
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
                let shown = last_output(&server.stop());
                Err(anyhow::anyhow!("target `{name}` {error}; {shown}"))
            }
        }
    }

    fn wait(&mut self, path: &str, timeout: Duration, started: Instant) -> Result<()> {
        loop {
            if let Some(status) = self.process.ended() {
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
        self.process.pid()
    }

    /// Returns the exit status if the server has exited.
    pub fn ended(&mut self) -> Option<String> {
        self.process.ended()
    }

    /// Returns the last lines of its output.
    pub fn tail(&self, lines: usize) -> String {
        self.process.tail(lines)
    }

    /// Stops the server with all its descendants, then its services, and returns its last output.
    pub fn stop(mut self) -> String {
        self.process.end()
    }
}

fn command_line(
    paths: &Paths,
    start: &Start<'_>,
    services: &[RunningService],
    port: u16,
) -> Result<Vec<String>> {
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
        .chain(&start.app.arguments)
        .chain(uncached)
        .map(|word| fill(paths, start, services, word, port))
        .collect()
}

fn fill(
    paths: &Paths,
    start: &Start<'_>,
    services: &[RunningService],
    text: &str,
    port: u16,
) -> Result<String> {
    let app = paths.fill(&start.app.file, &[])?;
    let (port, workers) = (port.to_string(), start.workers.to_string());
    let cores = start.cores.to_string();
    let mut more: Vec<(&str, &str)> = vec![
        ("port", &port),
        ("workers", &workers),
        ("cores", &cores),
        ("app", &app),
    ];
    more.extend(services.iter().flat_map(RunningService::variables));
    paths.fill(text, &more)
}
