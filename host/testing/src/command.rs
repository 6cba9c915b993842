//! The binary under test, with an environment of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::server::Serve;

/// The longest a command may take. Compiling a component of 20 MB on a machine
/// that does other things is most of it.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

/// Entries of the cache that no test has written for so long are of guests that
/// are not built any more.
const KEEP: Duration = Duration::from_secs(14 * 24 * 3600);

/// The binary under test, and the cache of compiled components that its tests
/// share from run to run.
#[derive(Debug, Clone)]
pub struct Host {
    binary: PathBuf,
    cache: PathBuf,
}

/// What a command did.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said of errors.
    pub stderr: String,
}

impl Host {
    /// A host whose cache is in `folder`.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        let host = Self {
            binary: binary.into(),
            cache: folder.into(),
        };
        host.clean();
        host
    }

    /// Where compiled components are kept.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// A command line, to be run or changed. Nothing of the test's environment
    /// steers it but `PATH` and the user's folders.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .stdin(Stdio::null())
            .env("SPIKARD_WASM_CACHE_DIR", &self.cache)
            // A backtrace must not be printed even where one is asked for.
            .env("RUST_BACKTRACE", "1");
        for name in ["HOST", "PORT", "RUST_LOG", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command line to its end.
    #[must_use]
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Prepares to serve an app, or the demo.
    #[must_use]
    pub fn serve(&self, app: Option<&Path>) -> Serve {
        let mut command = self.command(["serve"]);
        command.args(app);
        Serve::new(command, app)
    }

    fn clean(&self) {
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.cache).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|data| data.modified());
            let age = modified.map(|time| now.duration_since(time).unwrap_or_default());
            if age.is_ok_and(|age| age > KEEP) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl Run {
    /// Runs a command to its end.
    ///
    /// # Panics
    /// It does not start, or not end.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.expect("the host starts");
        let stdout = child.stdout.take().map(read_all);
        let stderr = child.stderr.take().map(read_all);
        let code = wait(&mut child, LIMIT).expect("the command ends in time");
        let text = |reader: Option<thread::JoinHandle<String>>| {
            reader.map_or_else(String::new, |reader| reader.join().unwrap_or_default())
        };
        Self {
            code,
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a process to end, and ends it when it does not. Gives its exit code.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<Option<i32>> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.code());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
