//! Grants: the host resources that an app can use besides answering requests.
//!
//! An operator must grant each resource by name. Only clocks, random bytes and log output
//! are granted by default.

mod database;
mod directory;
mod outgoing;
mod secret;
mod store;

use std::collections::BTreeMap;

pub use self::database::Database;
pub use self::directory::Directory;
pub use self::outgoing::{Network, OutgoingPattern, OutgoingRules, OutgoingScheme, is_private};
pub use self::secret::Secret;
pub use self::store::Store;

/// The host resources that an app can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    /// Environment variables (`wasi:cli/environment`).
    pub environment: BTreeMap<String, String>,
    /// Preopened directories (`wasi:filesystem/preopens`).
    pub directories: Vec<Directory>,
    /// True if stdout and stderr go to the log (`wasi:cli/stdout`, `stderr`); otherwise
    /// the host discards them.
    pub stdio: bool,
    /// True if the app can read clocks and sleep (`wasi:clocks`).
    pub clocks: bool,
    /// True if the app can read random bytes (`wasi:random`).
    pub random: bool,
    /// True if the app can write to the log (`wasi:logging`).
    pub logging: bool,
    /// Configuration values (`wasi:config`). `None` if not granted.
    pub config: Option<BTreeMap<String, String>>,
    /// Key-value stores (`wasi:keyvalue`), by the name with which the app opens them.
    pub keyvalue: BTreeMap<String, Store>,
    /// SQL databases, by the name with which the app refers to them.
    pub sql: BTreeMap<String, Database>,
    /// Secrets that the app can read, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// Rules for outgoing requests (`wasi:http`).
    pub outgoing: OutgoingRules,
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
            sql: BTreeMap::new(),
            secrets: BTreeMap::new(),
            outgoing: OutgoingRules::default(),
        }
    }
}

/// Checks the name of an environment variable.
///
/// # Errors
/// The rule for names.
pub fn check_variable(name: &str) -> Result<(), String> {
    match name.is_empty() || name.contains(['=', '\0']) {
        true => Err("write a name without `=`, such as `LOG_LEVEL`".to_owned()),
        false => Ok(()),
    }
}

/// Checks the guest path of a directory.
///
/// # Errors
/// The rule for guest paths.
pub fn check_guest_path(path: &str) -> Result<(), String> {
    directory::check_guest(path)
}
