//! The types of columns.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The types of columns whose values JSON cannot express.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Types(BTreeMap<String, ColumnType>);

impl Types {
    pub(crate) fn of(&self, column: &str) -> ColumnType {
        self.0.get(column).copied().unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The type of a column as far as it decides how a value is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ColumnType {
    Int,
    Float,
    Decimal,
    Bytes,
    /// A type that serde reads from the JSON value.
    #[default]
    #[serde(other)]
    Plain,
}
