//! Host processes that serve an app.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::process::{LIMIT, wait};
use crate::usage::Usage;
use crate::wire::Wire;

/// Maximum duration of a shutdown.
const STOP: Duration = Duration::from_secs(20);

/// Builder for a [`Server`], by default on a free port.
#[derive(Debug)]
pub struct Serve {
    command: Command,
    app: Option<PathBuf>,
    port: bool,
}

/// A running host. Dropping it kills the process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    line: String,
    address: SocketAddr,
    log: Arc<Log>,
}

/// The result of a host that has exited.
#[derive(Debug)]
pub struct ExitReport {
    /// The exit code; `None` if a signal terminated the process.
    pub code: Option<i32>,
    /// The complete log.
    pub log: String,
    /// Time spent waiting for the process to exit.
    pub after: Duration,
}

/// The standard error read so far, and true at its end.
#[derive(Debug, Default)]
struct Log {
    text: Mutex<(String, bool)>,
    grown: Condvar,
}

impl Serve {
    pub(crate) fn new(command: Command, app: Option<&Path>) -> Self {
        Self {
            command,
            app: app.map(Path::to_owned),
            port: true,
        }
    }

    /// Appends arguments to the command line.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Omits `--port 0`, for a test that sets the port in another way.
    #[must_use]
    pub fn port_as_given(mut self) -> Self {
        self.port = false;
        self
    }

    /// Starts the host and waits until it serves. Hosts of the same app start one after
    /// another, so that only the first compiles it.
    ///
    /// # Panics
    /// Panics with the log if the host does not start to serve.
    #[must_use]
    pub fn start(self) -> Server {
        let lock = compiling(self.app.as_deref());
        let _one_at_a_time = lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.start_now()
    }

    /// Like [`Serve::start`], but does not wait for other tests that start the same app.
    ///
    /// # Panics
    /// Panics with the log if the host does not start to serve.
    #[must_use]
    pub fn start_now(self) -> Server {
        self.try_start().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Like [`Serve::start_now`], but returns an error if the host does not serve.
    ///
    /// # Errors
    /// Fails with the log if the host does not start to serve.
    ///
    /// # Panics
    /// Panics if the binary cannot be executed.
    pub fn try_start(mut self) -> Result<Server, String> {
        if self.port {
            self.command.args(["--port", "0"]);
        }
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the host starts");
        let log = Arc::new(Log::default());
        if let Some(pipe) = child.stderr.take() {
            log.clone().follow(pipe);
        }
        let (send, receive) = mpsc::channel();
        if let Some(pipe) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if send.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        let line = receive.recv_timeout(LIMIT).unwrap_or_default();
        let Some(address) = address_in(&line) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!(
                "the host does not serve: `{line}`\n{}",
                log.complete()
            ));
        };
        Ok(Server {
            child,
            line,
            address,
            log,
        })
    }
}

/// Returns the lock of an app. Tests that start the same app at the same time share the
/// lock, so that they compile the app once.
fn compiling(app: Option<&Path>) -> Arc<Mutex<()>> {
    type Locks = Mutex<HashMap<Option<PathBuf>, Arc<Mutex<()>>>>;
    static LOCKS: LazyLock<Locks> = LazyLock::new(Locks::default);
    let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    locks.entry(app.map(Path::to_owned)).or_default().clone()
}

/// Returns the address in the first line that the host prints.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find([' ', '"']).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

impl Server {
    /// Returns the first line that the host printed, with the app and its address.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Returns the address that the host listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a client of the host.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Opens a connection to the host.
    ///
    /// # Panics
    /// Panics if the connection fails.
    #[must_use]
    pub fn wire(&self) -> Wire {
        Wire::open(self.address).expect("the server accepts connections")
    }

    /// Returns the host's current memory, open files and threads.
    ///
    /// # Panics
    /// Panics if the system has no `/proc`, or the host has exited.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id()).unwrap_or_else(|error| panic!("the host's usage: {error}"))
    }

    /// Returns the resident memory of the host, in bytes.
    ///
    /// # Panics
    /// Panics in the same cases as [`Server::usage`].
    #[must_use]
    pub fn rss(&self) -> u64 {
        self.usage().rss
    }

    /// Returns the number of open file descriptors of the host, including sockets.
    ///
    /// # Panics
    /// Panics in the same cases as [`Server::usage`].
    #[must_use]
    pub fn open_files(&self) -> u64 {
        self.usage().open_files
    }

    /// Returns the log so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().0.clone()
    }

    /// Waits for a log line that contains `wanted`, and returns the line.
    ///
    /// # Panics
    /// Panics if the host does not log such a line within ten seconds.
    #[must_use]
    pub fn logged(&self, wanted: &str) -> String {
        self.log.wait_for(wanted, Duration::from_secs(10))
    }

    /// Sends a signal to the host, such as `TERM`.
    ///
    /// # Panics
    /// Panics if the command `kill` fails.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}"))
            .arg(self.child.id().to_string());
        assert!(
            kill.status().is_ok_and(|status| status.success()),
            "kill -{name}"
        );
    }

    /// Waits for the host to exit.
    ///
    /// # Panics
    /// Kills the host and panics if it does not exit in time.
    #[must_use]
    pub fn wait(mut self) -> ExitReport {
        let start = Instant::now();
        let code = wait(&mut self.child, STOP);
        let after = start.elapsed();
        let log = self.log.complete();
        ExitReport {
            code: code.unwrap_or_else(|| panic!("the host does not stop\n{log}")),
            log,
            after,
        }
    }

    /// Stops the host with SIGTERM, as a supervisor does.
    ///
    /// # Panics
    /// Panics if the host does not exit in time, or its exit code is not 0.
    pub fn stop(self) -> ExitReport {
        self.signal("TERM");
        let stopped = self.wait();
        assert_eq!(stopped.code, Some(0), "{}", stopped.log);
        stopped
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            println!("the host's log:\n{}", self.log.complete());
        }
    }
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, (String, bool)> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a thread that copies a pipe into the log.
    fn follow(self: Arc<Self>, mut pipe: ChildStderr) {
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = pipe.read(&mut buffer) {
                self.lock().0 += &String::from_utf8_lossy(&buffer[..read]);
                self.grown.notify_all();
            }
            self.lock().1 = true;
            self.grown.notify_all();
        });
    }

    /// Waits until the pipe closes and returns the complete log.
    fn complete(&self) -> String {
        let done = self
            .grown
            .wait_timeout_while(self.lock(), STOP, |(_, done)| !*done);
        done.unwrap_or_else(PoisonError::into_inner).0.0.clone()
    }

    fn wait_for(&self, wanted: &str, limit: Duration) -> String {
        // Ignore an incomplete line: the next read may return its end.
        let find = |text: &str| {
            let mut lines = text
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            lines.find(|line| line.contains(wanted)).map(str::to_owned)
        };
        let waited = self
            .grown
            .wait_timeout_while(self.lock(), limit, |(text, _)| find(text).is_none());
        let text = waited.unwrap_or_else(PoisonError::into_inner).0.0.clone();
        find(&text).unwrap_or_else(|| panic!("`{wanted}` is not logged:\n{text}"))
    }
}
