//! Values of grants that flags and `spikard.toml` share.

use std::path::PathBuf;

use spikard_wasm_app::grants::{Store, check_variable};
use spikard_wasm_services::sql::Location;

/// Value of a variable in an app's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    /// A literal value.
    Value(String),
    /// The value of the host's own variable of the same name.
    Inherited,
}

/// Location of a key-value store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    Store(Store),
    /// A variable of the host's environment that holds the location.
    Variable(String),
}

impl StoreLocation {
    /// Parses a location. Errors do not repeat it, because it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("env:") {
            Some(variable) => {
                check_variable(variable).map(|()| Self::Variable(variable.to_owned()))
            }
            None => Store::parse(text).map(Self::Store),
        }
    }
}

/// A SQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseSource {
    pub(crate) location: DatabaseLocation,
    /// Folder that a relative path of a SQLite file refers to; empty for the current folder.
    pub(crate) folder: PathBuf,
    /// Folder of the migrations.
    pub(crate) migrations: Option<PathBuf>,
}

/// Location of a SQL database.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum DatabaseLocation {
    /// A location that is valid.
    Text(String),
    /// A variable of the host's environment that holds the location.
    Variable(String),
}

impl DatabaseSource {
    /// Parses a location. Errors do not repeat it, because it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let location = match text.strip_prefix("env:") {
            Some(variable) => {
                check_variable(variable)?;
                DatabaseLocation::Variable(variable.to_owned())
            }
            None => {
                Location::parse(text)?;
                DatabaseLocation::Text(text.to_owned())
            }
        };
        Ok(Self {
            location,
            folder: PathBuf::new(),
            migrations: None,
        })
    }
}

/// Hides a location, which may hold a password.
impl std::fmt::Debug for DatabaseLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(..)"),
            Self::Variable(variable) => f.debug_tuple("Variable").field(variable).finish(),
        }
    }
}
