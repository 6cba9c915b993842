//! A build step of a target.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One command that makes a part of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The command; no shell reads it.
    pub command: Vec<String>,
    /// Its working folder, of the project's root.
    #[serde(default)]
    pub folder: String,
    /// Variables that it gets beside those of the harness.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Files and folders that it reads.
    #[serde(default)]
    pub from: Vec<String>,
    /// What it makes. The step is left out where all of it is there and not older than what
    /// it is made from, unless `--build` asks.
    pub makes: Vec<String>,
}
