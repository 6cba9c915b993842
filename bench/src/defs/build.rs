//! A build step of a target or a service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One command that builds a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// The command. No shell interprets it.
    pub command: Vec<String>,
    /// The working directory, relative to the project root.
    #[serde(default)]
    pub folder: String,
    /// Extra environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Input files and directories.
    #[serde(default)]
    pub from: Vec<String>,
    /// Outputs. The step is skipped if all of them exist and are newer than the inputs, unless
    /// `--build` is given.
    pub makes: Vec<String>,
}
