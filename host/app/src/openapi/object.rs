//! JSON objects in the description of an app.

use serde_json::{Map, Value};

/// Parses a JSON object of a description. An empty text is an empty object.
pub(super) fn parse_object(text: &str, name: &str) -> Result<Map<String, Value>, String> {
    if text.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text).map_err(|error| format!("its {name} cannot be read: {error}"))
}
