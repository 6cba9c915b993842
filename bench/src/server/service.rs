//! A running service, with a folder of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use anyhow::{Context as _, Result, bail};

use crate::defs::Service;

use super::child::{ManagedChild, last_lines, last_output};
use super::exec::command_on;
use super::port::free_port;
use super::{Cores, Paths};

/// How long a service may take to become ready.
const READY: Duration = Duration::from_secs(60);

/// A service that runs until it is dropped.
#[derive(Debug)]
pub(super) struct RunningService {
    variables: BTreeMap<String, String>,
    // The process ends before its folder is removed.
    process: Option<ManagedChild>,
    _folder: Folder,
}

impl RunningService {
    /// Starts a service on these cores and waits until it is ready.
    pub(super) fn start(paths: &Paths, service: &Service, cores: &Cores) -> Result<Self> {
        let name = &service.name;
        let folder = Folder::new()?;
        let place = folder.0.to_string_lossy().into_owned();
        let port = free_port()?;
        let port_text = port.to_string();
        let fill = |text: &String| paths.fill(text, &[("folder", &place), ("port", &port_text)]);
        let fill_all = |words: &[String]| words.iter().map(fill).collect::<Result<Vec<_>>>();
        let command = |words: &[String]| {
            let mut command = command_on(paths, cores, words);
            command.current_dir(&paths.root);
            command
        };
        if !service.prepare.is_empty() {
            let output = command(&fill_all(&service.prepare)?)
                .stdin(Stdio::null())
                .output()
                .with_context(|| format!("cannot prepare service `{name}`"))?;
            if !output.status.success() {
                let text = String::from_utf8_lossy(&output.stderr);
                bail!("cannot prepare service `{name}`: {}", last_lines(&text, 5));
            }
        }
        let variables = service
            .environment
            .iter()
            .map(|(variable, value)| Ok((variable.clone(), fill(value)?)))
            .collect::<Result<_>>()?;
        let mut running = Self {
            variables,
            process: None,
            _folder: folder,
        };
        if !service.command.is_empty() {
            let spawned = ManagedChild::spawn(&mut command(&fill_all(&service.command)?));
            let process = spawned.with_context(|| format!("cannot start service `{name}`"))?;
            let process = running.process.insert(process);
            let ready = fill_all(&service.ready)?;
            if let Err(error) = wait(process, &paths.root, &ready, port) {
                let shown = last_output(&process.end());
                bail!("service `{name}` {error}; {shown}");
            }
        }
        Ok(running)
    }

    /// Returns the environment variables for the server.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Waits until the command `ready` succeeds or, if it is empty, the process accepts connections.
fn wait(process: &mut ManagedChild, root: &Path, ready: &[String], port: u16) -> Result<()> {
    let until = Instant::now() + READY;
    loop {
        if let Some(status) = process.ended() {
            bail!("ended before it was ready ({status})");
        }
        let is_ready = match ready {
            [] => TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok(),
            [program, arguments @ ..] => Command::new(program)
                .args(arguments)
                .current_dir(root)
                .stdin(Stdio::null())
                .output()
                .with_context(|| format!("cannot run `{program}`"))?
                .status
                .success(),
        };
        if is_ready {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("was not ready within {} s", READY.as_secs());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// A temporary folder that is removed when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    /// Creates a folder that other users can enter, because PostgreSQL does not run as root.
    fn new() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("spikard-bench-{}-{number}", process::id()));
        let made = fs::DirBuilder::new().mode(0o755).create(&path);
        made.with_context(|| format!("cannot create the folder `{}`", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
