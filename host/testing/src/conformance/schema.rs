//! Translates the schema dialect of fixtures to JSON Schema.

use serde_json::{Map, Value, json};

/// A parameter's schema and the marks that the fixture adds to it.
#[derive(Debug, PartialEq)]
pub(crate) struct ParameterSchema {
    /// The schema.
    pub(crate) schema: Value,
    /// True if the parameter is required.
    pub(crate) required: bool,
    /// The separator between the items of an array.
    pub(crate) separator: Option<String>,
}

/// Separates a parameter's schema from its marks.
///
/// A parameter is required unless it has `optional: true`, `required: false` or a default.
/// This rule explains every fixture that expects `missing`.
#[must_use]
pub(crate) fn parameter(marked: &Value) -> ParameterSchema {
    let Some(members) = marked.as_object() else {
        return ParameterSchema {
            schema: marked.clone(),
            required: true,
            separator: None,
        };
    };
    let mut members = members.clone();
    members.remove("annotation");
    let separator = members.remove("separator");
    let optional = members.remove("optional") == Some(Value::Bool(true))
        || members.contains_key("default")
        || members.get("required") == Some(&Value::Bool(false));
    if members.get("required").is_some_and(Value::is_boolean) {
        members.remove("required");
    }
    // The default `null` means no default if the schema does not allow null.
    if members.get("default") == Some(&Value::Null) && !allows_null(&members) {
        members.remove("default");
    }
    ParameterSchema {
        schema: Value::Object(members),
        required: !optional,
        separator: separator.and_then(|text| text.as_str().map(str::to_owned)),
    }
}

fn allows_null(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.contains(&json!("null")),
        _ => true,
    }
}

/// Returns the schema of a form with files. It accepts any value for a file, since the host
/// validates a file as an object, and a part without a file name as a string.
#[must_use]
pub(crate) fn form(schema: &Value) -> Value {
    match schema {
        Value::Object(members) if is_file(members) => {
            let mut rest = members.clone();
            rest.retain(|key, _| key == "description");
            Value::Object(rest)
        }
        Value::Object(members) => {
            let mapped = members.iter().map(|(key, value)| match value.as_str() {
                // The `type` of `parameters.body` is its media type.
                Some(name) if key == "type" && name.contains('/') => (key.clone(), json!("object")),
                _ => (key.clone(), form(value)),
            });
            Value::Object(mapped.collect())
        }
        Value::Array(items) => items.iter().map(form).collect(),
        other => other.clone(),
    }
}

fn is_file(schema: &Map<String, Value>) -> bool {
    schema.get("type") == Some(&json!("file"))
        || (schema.get("type") == Some(&json!("string"))
            && schema.get("format") == Some(&json!("binary")))
}

/// Returns the schema of a typed segment such as `{id:uuid}`.
///
/// # Errors
/// Fails if the type is unknown.
pub(crate) fn of_segment(name: &str) -> Result<Value, String> {
    Ok(match name {
        "int" | "integer" => json!({"type": "integer"}),
        "float" | "number" => json!({"type": "number"}),
        "bool" | "boolean" => json!({"type": "boolean"}),
        "str" | "string" | "path" => json!({"type": "string"}),
        "datetime" | "date-time" => json!({"type": "string", "format": "date-time"}),
        "uuid" | "date" | "time" | "duration" | "email" => {
            json!({"type": "string", "format": name})
        }
        "uri" | "url" => json!({"type": "string", "format": "uri"}),
        _ => return Err(format!("unknown type `{name}` of a path segment")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_required_unless_it_says_otherwise() {
        let required = |schema: Value| parameter(&schema).required;
        assert!(required(json!({"type": "string"})));
        assert!(required(json!({"type": "string", "required": true})));
        assert!(!required(json!({"type": "string", "required": false})));
        assert!(!required(json!({"type": "string", "optional": true})));
        assert!(!required(json!({"type": "integer", "default": 0})));
    }

    #[test]
    fn marks_are_not_in_the_schema() {
        let marked = json!({
            "type": "string", "annotation": "str", "optional": true, "required": false,
            "default": null, "separator": ";", "minLength": 1
        });
        let read = parameter(&marked);
        assert_eq!(read.schema, json!({"type": "string", "minLength": 1}));
        assert_eq!(read.separator.as_deref(), Some(";"));
        let nullable = json!({"type": ["string", "null"], "default": null});
        assert_eq!(parameter(&nullable).schema, nullable);
    }

    #[test]
    fn a_list_of_required_members_stays() {
        let schema = json!({"type": "object", "required": ["a"]});
        assert_eq!(parameter(&schema).schema, schema);
    }

    #[test]
    fn a_file_is_not_a_text() {
        let schema = json!({
            "type": "multipart/form-data",
            "properties": {
                "a": {"type": "file"},
                "b": {"type": "array", "items": {"type": "string", "format": "binary"}},
                "type": {"type": "string"}
            }
        });
        let expected = json!({
            "type": "object",
            "properties": {"a": {}, "b": {"type": "array", "items": {}}, "type": {"type": "string"}}
        });
        assert_eq!(form(&schema), expected);
    }
}
