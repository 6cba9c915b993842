//! Converts rows to Rust types.
//!
//! The host sends rows as JSON objects and names the columns whose values JSON cannot express. The
//! deserializers here wrap those of `serde_json` and convert such values while they are read:
//! integers and floating-point numbers from text, bytes from base64. They also accept what SQLite
//! has instead of types: 0 and 1 as booleans, and text as JSON.

mod column;
mod lenient;
mod row;
mod types;

pub(super) use column::ColumnDeserializer;
pub(super) use row::{RowDeserializer, read};
pub(super) use types::Types;
