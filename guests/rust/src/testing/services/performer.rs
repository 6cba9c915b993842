//! Performs operations by their kind.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::fetch::Fetch;
use super::input::read;
use super::keyvalue::KeyValue;
use super::log_line::{self, LogLine};
use super::outcome::{Fault, Outcome};
use crate::Content;

/// What the operations of a test client work on.
#[derive(Default)]
pub(crate) struct Performer {
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) fetch: Fetch,
    pub(crate) log: Vec<LogLine>,
    stores: KeyValue,
    #[cfg(feature = "test-services")]
    pub(crate) databases: super::sql::Databases,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SleepHead {
    ms: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameHead {
    name: String,
}

impl Performer {
    /// Ends what belongs to a task.
    pub(super) fn end(&mut self, task: u32) {
        self.fetch.end(task);
        #[cfg(feature = "test-services")]
        self.databases.end(task);
    }

    pub(super) fn perform(
        &mut self,
        now: Duration,
        task: u32,
        op: u32,
        kind: &str,
        head: &str,
        body: &Content,
    ) -> Result<Outcome, Fault> {
        match kind.split_once('.').unwrap_or((kind, "")) {
            ("sleep", "") => {
                let SleepHead { ms } = read(head)?;
                let time = Duration::try_from_secs_f64(ms / 1000.0);
                let time = time.map_err(|error| Fault::new("invalid", error.to_string()))?;
                Ok(Outcome::new(200).after(time))
            }
            ("config", "get") => named(&self.settings, head),
            ("secret", "get") => named(&self.secrets, head),
            ("log", "") => log_line::perform(&mut self.log, head, body),
            ("kv", operation) => self.stores.perform(now, operation, head, body),
            ("fetch", operation) => self.fetch.perform(task, op, operation, head, body),
            #[cfg(feature = "test-services")]
            ("sql", operation) => self.databases.perform(task, operation, head, body),
            #[cfg(feature = "test-services")]
            ("password" | "jwt" | "crypto", _) => {
                super::crypto::perform(&self.secrets, now, kind, head, body)
            }
            #[cfg(not(feature = "test-services"))]
            ("sql" | "password" | "jwt" | "crypto", _) => Err(Fault::new(
                "denied",
                format!(
                    "`{kind}` needs the feature `test-services`; add `spikard-wasm-sdk` with it to `[dev-dependencies]`"
                ),
            )),
            _ => Err(Fault::new(
                "unknown-kind",
                format!("there is no operation `{kind}`"),
            )),
        }
    }
}

fn named(values: &BTreeMap<String, String>, head: &str) -> Result<Outcome, Fault> {
    let NameHead { name } = read(head)?;
    let result = match values.get(&name) {
        Some(value) => Outcome::new(200).body(Content::Text(value.clone())),
        None => Outcome::new(404),
    };
    Ok(result.at_once())
}
