//! The schema of the settings that an app declares, and the conversion of their texts.

use std::any::type_name;

use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use crate::{members, schema};

/// A function that returns the schema of settings.
pub(crate) type DeclareSettings = fn() -> Result<Value, String>;

/// Returns the schema of the settings of a type, or a sentence that names its fault.
pub(crate) fn declared<T: JsonSchema>() -> Result<Value, String> {
    let schema = schema::of::<T>();
    let name = type_name::<T>();
    if schema.get("properties").is_none() {
        return Err(format!(
            "the app declares `config::<{name}>()`, but `{name}` is not a struct with fields"
        ));
    }
    let members = members::members(&schema).map_err(|what| {
        format!("the app declares `config::<{name}>()`, and `{name}` has {what}")
    })?;
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, schema, is_required) in members {
        if is_required {
            required.push(name.clone());
        }
        properties.insert(name, schema);
    }
    Ok(json!({"type": "object", "properties": properties, "required": required}))
}

/// Joins the schemas of several types.
pub(crate) fn join(declare: &[DeclareSettings]) -> Result<Option<Value>, String> {
    let mut all: Option<Value> = None;
    for declare in declare {
        let mut schema = declare()?;
        let Some(have) = &mut all else {
            all = Some(schema);
            continue;
        };
        let (properties, required) = (schema["properties"].take(), schema["required"].take());
        if let (Some(have), Value::Object(more)) = (have["properties"].as_object_mut(), properties)
        {
            if let Some(name) = more.keys().find(|name| have.contains_key(*name)) {
                return Err(format!(
                    "the app declares the setting `{name}` twice; give one another name"
                ));
            }
            have.extend(more);
        }
        if let (Some(have), Value::Array(more)) = (have["required"].as_array_mut(), required) {
            have.extend(more);
        }
    }
    Ok(all)
}

/// Converts the text of a setting to a type of its schema, as the host does to check it.
pub(crate) fn value_of(schema: &Value, text: String) -> Value {
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let value = types.iter().find_map(|name| match name.as_str()? {
        "integer" => integer(&text),
        "number" => integer(&text).or_else(|| text.parse::<f64>().ok().map(Value::from)),
        "boolean" => boolean(&text).map(Value::Bool),
        "array" | "object" => serde_json::from_str(&text).ok(),
        _ => None,
    });
    value.unwrap_or(Value::String(text))
}

fn integer(text: &str) -> Option<Value> {
    let signed = text.parse::<i64>().map(Value::from);
    signed
        .or_else(|_| text.parse::<u64>().map(Value::from))
        .ok()
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "1", "yes", "on"]) {
        return Some(true);
    }
    is(["false", "0", "no", "off"]).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_converted_to_the_type_of_the_schema() {
        let value = |kind: Value, text: &str| value_of(&json!({ "type": kind }), text.to_owned());
        assert_eq!(value(json!("string"), "7"), json!("7"));
        assert_eq!(value(json!("integer"), "+007"), json!(7));
        assert_eq!(
            value(json!("integer"), "18446744073709551615"),
            json!(u64::MAX)
        );
        assert_eq!(value(json!("number"), "2"), json!(2));
        assert_eq!(value(json!("number"), "1e3"), json!(1000.0));
        assert_eq!(value(json!("boolean"), "Yes"), json!(true));
        assert_eq!(value(json!("boolean"), "0"), json!(false));
        assert_eq!(value(json!("array"), "[1]"), json!([1]));
        assert_eq!(value(json!(["boolean", "string"]), "maybe"), json!("maybe"));
        assert_eq!(
            value_of(&json!({"enum": ["a"]}), "a".to_owned()),
            json!("a")
        );
    }
}
