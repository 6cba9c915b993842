//! A host that serves.

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
use crate::command::{LIMIT, wait};
use crate::usage::Usage;
use crate::wire::Wire;

/// The longest a stop may take.
const STOP: Duration = Duration::from_secs(20);

/// A host about to serve, on any free port.
#[derive(Debug)]
pub struct Serve {
    command: Command,
    app: Option<PathBuf>,
    port: bool,
}

/// A host that serves, until the value is dropped or told to stop.
#[derive(Debug)]
pub struct Server {
    child: Child,
    line: String,
    address: SocketAddr,
    log: Arc<Log>,
}

/// How a server ended.
#[derive(Debug)]
pub struct Stopped {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// All that it logged.
    pub log: String,
    /// How long it took from the signal.
    pub after: Duration,
}

/// Standard error, as far as it has been read.
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

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Leaves out `--port 0`, where the port is given in another way.
    #[must_use]
    pub fn port_as_given(mut self) -> Self {
        self.port = false;
        self
    }

    /// Starts it and waits until it serves.
    ///
    /// # Panics
    /// It does not serve; the message has what it logged.
    #[must_use]
    pub fn start(self) -> Server {
        let lock = compiling(self.app.as_deref());
        let _one_at_a_time = lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.start_now()
    }

    /// As [`Serve::start`], also while another test starts the same app.
    ///
    /// # Panics
    /// It does not serve; the message has what it logged.
    #[must_use]
    pub fn start_now(self) -> Server {
        self.try_start().unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`Serve::start_now`], where the host may refuse the app.
    ///
    /// # Errors
    /// It does not serve; the message has what it logged.
    ///
    /// # Panics
    /// The binary cannot be run.
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

/// One lock for each app, so that tests that start at once compile it once.
fn compiling(app: Option<&Path>) -> Arc<Mutex<()>> {
    type Locks = Mutex<HashMap<Option<PathBuf>, Arc<Mutex<()>>>>;
    static LOCKS: LazyLock<Locks> = LazyLock::new(Locks::default);
    let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
    locks.entry(app.map(Path::to_owned)).or_default().clone()
}

/// The address in the line that says what is served.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find([' ', '"']).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

impl Server {
    /// The line that says what is served, and where.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Where it serves.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of it.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// A connection to it.
    ///
    /// # Panics
    /// It cannot be connected to.
    #[must_use]
    pub fn wire(&self) -> Wire {
        Wire::open(self.address).expect("the server accepts connections")
    }

    /// What it has of memory, files and threads now.
    ///
    /// # Panics
    /// The system does not say, or the host is gone.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id()).unwrap_or_else(|error| panic!("the host's usage: {error}"))
    }

    /// Its resident memory, in bytes.
    ///
    /// # Panics
    /// As [`Server::usage`].
    #[must_use]
    pub fn rss(&self) -> u64 {
        self.usage().rss
    }

    /// How many files, sockets among them, it has open.
    ///
    /// # Panics
    /// As [`Server::usage`].
    #[must_use]
    pub fn open_files(&self) -> u64 {
        self.usage().open_files
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().0.clone()
    }

    /// Waits until it has logged a text, and gives the whole line that has it.
    ///
    /// # Panics
    /// It is not logged within ten seconds.
    #[must_use]
    pub fn logged(&self, wanted: &str) -> String {
        self.log.wait_for(wanted, Duration::from_secs(10))
    }

    /// Sends it a signal, such as `TERM`.
    ///
    /// # Panics
    /// The command `kill` cannot.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}"))
            .arg(self.child.id().to_string());
        assert!(
            kill.status().is_ok_and(|status| status.success()),
            "kill -{name}"
        );
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// It does not end; it is killed then.
    #[must_use]
    pub fn wait(mut self) -> Stopped {
        let start = Instant::now();
        let code = wait(&mut self.child, STOP);
        let after = start.elapsed();
        let log = self.log.complete();
        Stopped {
            code: code.unwrap_or_else(|| panic!("the host does not stop\n{log}")),
            log,
            after,
        }
    }

    /// Stops it as a supervisor does, with SIGTERM.
    ///
    /// # Panics
    /// It does not stop, or not with exit code 0.
    pub fn stop(self) -> Stopped {
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

    /// Reads a pipe to its end.
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

    /// All of it, once its writer is gone.
    fn complete(&self) -> String {
        let done = self
            .grown
            .wait_timeout_while(self.lock(), STOP, |(_, done)| !*done);
        done.unwrap_or_else(PoisonError::into_inner).0.0.clone()
    }

    fn wait_for(&self, wanted: &str, limit: Duration) -> String {
        // The end of the line may come with the next read.
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
