//! Parses Media Type Objects (OpenAPI 3.1, section 4.8.14) of bodies, parameters and
//! replies.
//!
//! An unknown member is an error, because a misspelled `schema` would validate nothing.
//! Extensions (`x-...`) are allowed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A Media Type Object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaObject {
    pub(crate) schema: Option<Value>,
    /// The encodings of form parts, by field name.
    #[serde(default)]
    pub(crate) encoding: BTreeMap<String, Encoding>,
    // Documentation only.
    #[serde(rename = "example")]
    _example: Option<Value>,
    #[serde(rename = "examples")]
    _examples: Option<Value>,
}

/// The part of an Encoding Object that the host supports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encoding {
    #[serde(rename = "contentType")]
    pub(crate) content_type: Option<String>,
}

impl MediaObject {
    /// Parses a Media Type Object.
    ///
    /// # Errors
    /// Names the unknown or invalid member.
    pub(crate) fn parse(mut value: Value) -> Result<Self, serde_json::Error> {
        if let Value::Object(members) = &mut value {
            members.retain(|name, _| !name.starts_with("x-"));
        }
        serde_json::from_value(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_members_are_refused() {
        let read = MediaObject::parse(json!({"schema": true, "example": 1, "x-a": 1})).unwrap();
        assert_eq!(read.schema, Some(json!(true)));
        for (value, reason) in [
            (json!({"shema": {}}), "unknown field `shema`"),
            (
                json!({"encoding": {"f": {"style": "form"}}}),
                "unknown field `style`",
            ),
            (json!([]), "invalid"),
        ] {
            let error = MediaObject::parse(value).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
