//! Turns the text of a parameter or form field into the JSON type its schema
//! declares.

use serde_json::{Number, Value};

/// The JSON type that a text stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The text itself.
    Text,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// A truth value.
    Boolean,
    /// Null, for an empty text.
    Null,
    /// One value for each occurrence.
    Array(Box<Target>),
    /// A JSON text.
    Json,
}

impl Target {
    /// Reads the declared type of `schema`, a part of `root`. A nullable schema
    /// (`["integer", "null"]`, `anyOf` with `null`) counts as its other type, and
    /// one without any type is text.
    pub(crate) fn of(schema: &Value, root: &Value) -> Self {
        Self::find(schema, root, 0).unwrap_or(Self::Text)
    }

    fn find(schema: &Value, root: &Value, depth: u8) -> Option<Self> {
        // A chain of references longer than this is a cycle.
        if depth > 16 {
            return None;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#')?;
            return Self::find(root.pointer(pointer)?, root, depth + 1);
        }
        match schema.get("type") {
            Some(Value::String(name)) => return Self::named(name, schema, root),
            Some(Value::Array(names)) => {
                let mut names = names.iter().filter_map(Value::as_str);
                let name = names.find(|name| *name != "null").unwrap_or("null");
                return Self::named(name, schema, root);
            }
            _ => {}
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let found = schema
                .get(keyword)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|part| Self::find(part, root, depth + 1))
                .find(|target| *target != Self::Null);
            if found.is_some() {
                return found;
            }
        }
        let example = schema
            .get("const")
            .or_else(|| schema.get("enum").and_then(|options| options.get(0)))?;
        Some(match example {
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Integer,
            _ => Self::Text,
        })
    }

    fn named(name: &str, schema: &Value, root: &Value) -> Option<Self> {
        Some(match name {
            "string" => Self::Text,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            "array" => {
                let items = schema.get("items").unwrap_or(&Value::Null);
                Self::Array(Box::new(Self::of(items, root)))
            }
            "object" => Self::Json,
            _ => return None,
        })
    }

    /// Reads a text. `Err` gives the text back, as the value a client sent; the
    /// schema then says what is wrong with it.
    pub(crate) fn read(&self, text: &str) -> Result<Value, Value> {
        let refused = || Value::String(text.to_owned());
        match self {
            Self::Text => Ok(Value::String(text.to_owned())),
            Self::Integer => integer(text).map(Value::Number).ok_or_else(refused),
            Self::Number => number(text).map(Value::Number).ok_or_else(refused),
            Self::Boolean => boolean(text).map(Value::Bool).ok_or_else(refused),
            Self::Null if text.is_empty() => Ok(Value::Null),
            Self::Null => Err(refused()),
            Self::Array(item) => match item.read(text) {
                Ok(value) => Ok(Value::Array(vec![value])),
                Err(value) => Err(Value::Array(vec![value])),
            },
            Self::Json => serde_json::from_str(text).map_err(|_| refused()),
        }
    }
}

/// Decimal digits with an optional sign.
fn integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = text.parse::<i64>().map(Number::from);
    value
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
}

/// An integer, or a decimal fraction with an optional exponent.
fn number(text: &str) -> Option<Number> {
    integer(text).or_else(|| {
        let decimal = text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        if !decimal {
            return None;
        }
        // `from_f64` refuses what JSON cannot write: infinities and NaN.
        text.parse::<f64>().ok().and_then(Number::from_f64)
    })
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["true", "1", "yes", "on"]) {
        Some(true)
    } else if is(&["false", "0", "no", "off"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn target(schema: Value) -> Target {
        Target::of(&schema, &schema)
    }

    #[test]
    fn finds_the_declared_type() {
        assert_eq!(
            target(json!({"type": ["null", "integer"]})),
            Target::Integer
        );
        assert_eq!(
            target(json!({"anyOf": [{"type": "null"}, {"type": "number"}]})),
            Target::Number
        );
        assert_eq!(
            target(json!({"$ref": "#/$defs/a", "$defs": {"a": {"enum": [1, 2]}}})),
            Target::Integer
        );
        assert_eq!(
            target(json!({"type": "array", "items": {"type": "boolean"}})),
            Target::Array(Box::new(Target::Boolean))
        );
        assert_eq!(
            target(json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}})),
            Target::Text
        );
    }

    #[test]
    fn reads() {
        assert_eq!(Target::Integer.read("007"), Ok(json!(7)));
        assert_eq!(
            Target::Integer.read("18446744073709551615"),
            Ok(json!(u64::MAX))
        );
        assert_eq!(Target::Integer.read("4.0"), Err(json!("4.0")));
        assert_eq!(Target::Number.read("10"), Ok(json!(10)));
        assert_eq!(Target::Number.read("1e3"), Ok(json!(1000.0)));
        assert_eq!(Target::Number.read("inf"), Err(json!("inf")));
        assert_eq!(Target::Number.read("1e999"), Err(json!("1e999")));
        assert_eq!(Target::Boolean.read("True"), Ok(json!(true)));
        assert_eq!(Target::Boolean.read(""), Err(json!("")));
    }

    proptest! {
        #[test]
        fn numbers_survive(value: i64, fraction: f32) {
            prop_assert_eq!(Target::Integer.read(&value.to_string()), Ok(json!(value)));
            if fraction.is_finite() {
                let read = Target::Number.read(&format!("{fraction:e}")).unwrap();
                prop_assert_eq!(read.as_f64().unwrap() as f32, fraction);
            }
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            for target in [Target::Integer, Target::Number, Target::Boolean, Target::Json] {
                let _ = target.read(&text);
            }
        }
    }
}
