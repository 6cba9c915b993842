//! Reads Media Type Objects (OpenAPI 3.1, section 4.8.14) of bodies, parameters and
//! replies. A member that the host does not know is refused by its name, since a
//! misspelled `schema` would check nothing; extensions (`x-...`) are allowed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A Media Type Object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaObject {
    pub(crate) schema: Option<Value>,
    /// The encodings of a form's parts, by their fields.
    #[serde(default)]
    pub(crate) encoding: BTreeMap<String, Encoding>,
    // Words for people, which change nothing here.
    #[serde(rename = "example")]
    _example: Option<Value>,
    #[serde(rename = "examples")]
    _examples: Option<Value>,
}

/// An Encoding Object, as far as the host keeps to one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encoding {
    #[serde(rename = "contentType")]
    pub(crate) content_type: Option<String>,
}

impl MediaObject {
    /// Reads one.
    ///
    /// # Errors
    /// Names a member that is unknown or has the wrong type.
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
