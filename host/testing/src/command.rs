//! Runs the binary under test with a controlled environment.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::process::{LIMIT, wait};
use crate::server::Serve;

/// Maximum age of a cache entry. Older entries belong to guests that are no longer
/// built.
const KEEP: Duration = Duration::from_secs(14 * 24 * 3600);

/// The binary under test and its cache of compiled components, which all test runs
/// share.
#[derive(Debug, Clone)]
pub struct Host {
    binary: PathBuf,
    cache: PathBuf,
}

/// The result of a command.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit code; `None` if a signal terminated the process.
    pub code: Option<i32>,
    /// The standard output.
    pub stdout: String,
    /// The standard error.
    pub stderr: String,
}

impl Host {
    /// Returns a host with its cache in `folder`, and deletes old entries from it.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        let host = Self {
            binary: binary.into(),
            cache: folder.into(),
        };
        host.clean();
        host
    }

    /// Returns the directory of the compiled components.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Returns a command with the given arguments. It does not inherit the
    /// variables that affect the host, such as `HOST`, `PORT` and `RUST_LOG`.
    #[must_use]
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(args)
            .stdin(Stdio::null())
            .env("SPIKARD_WASM_CACHE_DIR", &self.cache)
            // The host must not print a backtrace even with this variable set.
            .env("RUST_BACKTRACE", "1");
        for name in ["HOST", "PORT", "RUST_LOG", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the binary with the given arguments and waits for it to exit.
    #[must_use]
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Prepares a host that serves an app, or the demo if `app` is `None`.
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
    /// Runs a command and waits for it to exit.
    ///
    /// # Panics
    /// Panics if the command does not start, or does not exit in time.
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
