//! Values between JSON and SQLite.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::{Value as SqlValue, ValueRef};
use serde_json::{Value, json};

use crate::testing::services::outcome::Fault;

/// Returns a column's value, and its type if JSON cannot express it.
pub(super) fn read(value: ValueRef<'_>) -> (Value, Option<&'static str>) {
    match value {
        ValueRef::Null => (Value::Null, None),
        ValueRef::Integer(value) if value.unsigned_abs() < 1 << 53 => (json!(value), None),
        ValueRef::Integer(value) => (json!(value.to_string()), Some("int")),
        ValueRef::Real(f64::INFINITY) => (json!("Infinity"), Some("float")),
        ValueRef::Real(f64::NEG_INFINITY) => (json!("-Infinity"), Some("float")),
        ValueRef::Real(value) => (json!(value), None),
        ValueRef::Text(text) => (json!(String::from_utf8_lossy(text)), None),
        ValueRef::Blob(bytes) => (json!(STANDARD.encode(bytes)), Some("bytes")),
    }
}

/// Returns a parameter.
pub(super) fn write(param: &Value) -> Result<SqlValue, Fault> {
    let invalid = || Fault::new("invalid", format!("`{param}` is not a parameter"));
    Ok(match param {
        Value::Null => SqlValue::Null,
        Value::Bool(value) => SqlValue::Integer((*value).into()),
        Value::Number(number) => match number.as_i64() {
            Some(value) => SqlValue::Integer(value),
            None => SqlValue::Real(number.as_f64().ok_or_else(invalid)?),
        },
        Value::String(text) => SqlValue::Text(text.clone()),
        Value::Array(_) => return Err(invalid()),
        Value::Object(object) => {
            let (ty, value) = object.iter().next().ok_or_else(invalid)?;
            match (ty.as_str(), value) {
                ("int", Value::String(text)) => {
                    SqlValue::Integer(text.parse().map_err(|_| invalid())?)
                }
                ("float", Value::String(text)) => {
                    SqlValue::Real(text.parse().map_err(|_| invalid())?)
                }
                ("bytes", Value::String(text)) => {
                    SqlValue::Blob(STANDARD.decode(text).map_err(|_| invalid())?)
                }
                ("decimal" | "timestamp" | "date" | "time" | "uuid", Value::String(text)) => {
                    SqlValue::Text(text.clone())
                }
                ("json", value) => SqlValue::Text(value.to_string()),
                _ => return Err(invalid()),
            }
        }
    })
}
