//! Converts rows to Rust types.
//!
//! The host sends rows as JSON objects and names the columns whose values JSON cannot express. The
//! deserializers here wrap those of `serde_json` and convert such values while they are read:
//! integers and floating-point numbers from text, bytes from base64. They also accept what SQLite
//! has instead of types: 0 and 1 as booleans, and text as JSON.

mod column;
mod lenient;
mod row;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(super) use column::ColumnDeserializer;
pub(super) use row::{RowDeserializer, read};

/// The types of columns whose values JSON cannot express.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Types(BTreeMap<String, ColumnType>);

impl Types {
    pub(super) fn of(&self, column: &str) -> ColumnType {
        self.0.get(column).copied().unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The type of a column as far as it decides how a value is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ColumnType {
    Int,
    Float,
    Decimal,
    Bytes,
    /// A type that serde reads from the JSON value.
    #[default]
    #[serde(other)]
    Plain,
}
