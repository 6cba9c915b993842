//! What an app may use of the world outside, beside answering requests. Nothing is
//! granted that is not named, but clocks, randomness and lines in the log.

mod outgoing;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use self::outgoing::{Network, OutgoingPattern, OutgoingRules, OutgoingScheme, is_private};

/// What an app may use of the world outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    /// The variables of its environment (`wasi:cli/environment`).
    pub environment: BTreeMap<String, String>,
    /// The folders that are there for it (`wasi:filesystem/preopens`).
    pub directories: Vec<Directory>,
    /// Whether what it prints goes to the log (`wasi:cli/stdout`, `stderr`); else it
    /// goes nowhere.
    pub stdio: bool,
    /// Whether it may ask for the time, and wait (`wasi:clocks`).
    pub clocks: bool,
    /// Whether it may ask for random bytes (`wasi:random`).
    pub random: bool,
    /// Whether it may write to the log (`wasi:logging`).
    pub logging: bool,
    /// Its settings (`wasi:config`), where it may ask for them.
    pub config: Option<BTreeMap<String, String>>,
    /// Its stores of keys and values (`wasi:keyvalue`), by the names that it opens them by.
    pub keyvalue: BTreeMap<String, Store>,
    /// Whom it may send requests to (`wasi:http`).
    pub outgoing: OutgoingRules,
}

/// A folder of the host that is there for an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Where it is.
    pub host: PathBuf,
    /// The path that the app knows it by.
    pub guest: String,
    /// Whether the app may change what is in it.
    pub write: bool,
}

/// Where a store of keys and values is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In a file of the host's own.
    File(PathBuf),
    /// In a Redis server, by its URL.
    Redis(String),
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            environment: BTreeMap::new(),
            directories: Vec::new(),
            stdio: true,
            clocks: true,
            random: true,
            logging: true,
            config: None,
            keyvalue: BTreeMap::new(),
            outgoing: OutgoingRules::default(),
        }
    }
}
