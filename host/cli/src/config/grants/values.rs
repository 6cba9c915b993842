//! Values of grants that flags and `spikard.toml` share.

use spikard_wasm_app::grants::{Store, check_variable};

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
