//! Grants: what an app may use beyond its requests.
//!
//! [`table`] defines the keys, [`read`] parses `[grants]` of `spikard.toml`, [`flags`] parses
//! the command line, and [`settings`] merges both.

mod flags;
mod read;
mod settings;
pub(crate) mod table;
mod values;

pub(crate) use self::flags::GrantArgs;
pub(crate) use self::settings::{GrantSettings, databases};

#[cfg(test)]
mod tests;
