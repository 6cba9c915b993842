//! A service that workloads need beside the server: a database, or another HTTP server.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::build::Build;
use super::target::Need;

/// A service. Each start of a server starts its services anew, in the state after `prepare`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The name in reports and errors.
    pub name: String,
    /// A one-sentence description.
    pub description: String,
    /// The suites whose workloads need it.
    pub suites: Vec<String>,
    /// Commands and files that it requires.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Build steps, in order.
    #[serde(default)]
    pub build: Vec<Build>,
    /// A command that fills `{folder}`, a new empty folder [default: none].
    #[serde(default)]
    pub prepare: Vec<String>,
    /// The command of its process, which listens on `{port}`. A service without a process, such as
    /// a database in a file, has none.
    #[serde(default)]
    pub command: Vec<String>,
    /// A command that succeeds when the process is ready. Without one, the process is ready when
    /// it accepts connections.
    #[serde(default)]
    pub ready: Vec<String>,
    /// Environment variables for the server; its command can use them as placeholders too.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}
