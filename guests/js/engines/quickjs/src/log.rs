//! The log. In a call, a text is a line of the host's log, with the id of the request. While the component is built, and
//! on a host without the operation `log`, it goes to standard output or standard error.

use crate::failure;
use crate::host::wasi::cli::{stderr, stdout};
use crate::host::wasi::io::streams::OutputStream;
use crate::io;
use crate::reply::Content;
use crate::state::{is_initialized, state};
use crate::value::exception;

/// The importance of a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// Returns the level with a number: its position among the variants.
    pub(crate) fn of(number: i32) -> Self {
        match number {
            0 => Self::Debug,
            1 => Self::Info,
            2 => Self::Warn,
            _ => Self::Error,
        }
    }

    /// The head of the operation `log`.
    fn head(self) -> &'static [u8] {
        match self {
            Self::Debug => br#"{"level":"debug"}"#,
            Self::Info => br#"{"level":"info"}"#,
            Self::Warn => br#"{"level":"warn"}"#,
            Self::Error => br#"{"level":"error"}"#,
        }
    }
}

/// Logs a text.
pub(crate) fn log(level: Level, text: &[u8]) {
    if !submit(level, text) {
        print(&[text, b"\n"].concat(), level >= Level::Warn);
    }
}

/// Logs a text with the operation `log`. Returns false if there is none.
fn submit(level: Level, text: &[u8]) -> bool {
    if !is_initialized() {
        return false;
    }
    let state = state();
    // Code of an ended task can run in the call of another task: the line must not get that one's request id.
    if state.number == 0 || state.has_no_log || state.call.is_ended {
        return false;
    }
    let status = io::call(b"log", level.head(), Content::text(text)).status();
    state.has_no_log = status == 1;
    status != 1
}

/// Logs the pending exception of a callback that nothing awaits.
pub(crate) fn log_uncaught(place: &str) {
    let (message, stack) = failure::explain(&exception());
    log_error(&format!("uncaught error in {place}: {message}"), &stack);
}

/// Logs the message of an error and its stack.
pub(crate) fn log_error(message: &str, stack: &str) {
    let text = format!("{message}\n{stack}");
    log(Level::Error, text.trim_end().as_bytes());
}

/// Logs a warning.
pub(crate) fn warn(text: &str) {
    log(Level::Warn, text.as_bytes());
}

/// Writes text to standard output or standard error. Ignores a failure: the stream is closed.
fn print(text: &[u8], error: bool) {
    let stream: OutputStream = if error {
        stderr::get_stderr()
    } else {
        stdout::get_stdout()
    };
    // WASI accepts at most 4096 bytes per call.
    for part in text.chunks(4096) {
        if stream.blocking_write_and_flush(part).is_err() {
            return;
        }
    }
}
