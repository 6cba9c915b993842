//! What an app may use of the world outside, beside answering requests. Nothing is
//! granted that is not named, but clocks, randomness and lines in the log.

mod directory;
mod outgoing;
mod store;

use std::collections::BTreeMap;

pub use self::directory::Directory;
pub use self::outgoing::{Network, OutgoingPattern, OutgoingRules, OutgoingScheme, is_private};
pub use self::store::Store;

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

/// Checks the name of a variable of the environment.
///
/// # Errors
/// Says what a name is.
pub fn check_variable(name: &str) -> Result<(), String> {
    match name.is_empty() || name.contains(['=', '\0']) {
        true => Err("a variable has a name without `=`".to_owned()),
        false => Ok(()),
    }
}

/// Checks the path that an app is to know a folder by.
///
/// # Errors
/// Says what to write.
pub fn check_guest_path(path: &str) -> Result<(), String> {
    directory::check_guest(path)
}
