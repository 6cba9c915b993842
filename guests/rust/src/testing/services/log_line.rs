//! Lines of the log.

use serde::Deserialize;

use super::input::{bytes, read};
use super::outcome::{Fault, Outcome};
use crate::Content;

/// A line that the app has written with the crate `log`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// The level: `trace`, `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The text.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    level: String,
}

/// Adds a line, and prints it with the output of the test.
pub(super) fn perform(
    log: &mut Vec<LogLine>,
    head: &str,
    body: &Content,
) -> Result<Outcome, Fault> {
    let Head { level } = read(head)?;
    let text = String::from_utf8_lossy(bytes(body)).into_owned();
    println!("{level}: {text}");
    log.push(LogLine { level, text });
    Ok(Outcome::new(200).at_once())
}
