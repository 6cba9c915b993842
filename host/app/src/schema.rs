//! JSON Schemas (2020-12), compiled once at load by the crate `jsonschema`, and
//! their errors in the words of the problem document.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::{Value, json};

use crate::problem::{FieldError, LocItem};

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
}

impl Schema {
    /// Compiles a schema. Formats are checked; references outside of it are not
    /// followed.
    ///
    /// The error says where in the schema, and what is wrong there.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(schema)
            .map(|validator| Self { validator })
            .map_err(|error| match error.instance_path().as_str() {
                "" => error.to_string(),
                place => format!("{error} (at `{place}`)"),
            })
    }

    /// Whether the value keeps the schema. Cheaper than collecting errors.
    pub(crate) fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Adds every error of `value`, whose place in the request is `at`.
    pub(crate) fn collect(&self, value: &Value, at: &[LocItem], errors: &mut Vec<FieldError>) {
        for error in self.validator.iter_errors(value) {
            describe(&error, at, errors);
        }
    }
}

/// Turns one error into the problem document's.
fn describe(error: &ValidationError<'_>, at: &[LocItem], errors: &mut Vec<FieldError>) {
    let mut loc = at.to_vec();
    loc.extend(error.instance_path().into_iter().map(|step| match step {
        LocationSegment::Property(name) => LocItem::Name(name.into_owned()),
        LocationSegment::Index(index) => LocItem::Index(index),
    }));
    let input = error.instance().as_ref().clone();
    let mut push = |kind, msg: String, ctx: Option<Value>| {
        errors.push(FieldError {
            kind,
            loc: loc.clone(),
            msg,
            input: input.clone(),
            ctx,
        });
    };
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            loc.push(name.into());
            errors.push(FieldError::missing(loc, input));
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                let mut loc = loc.clone();
                loc.push(name.as_str().into());
                errors.push(FieldError {
                    kind: "validation_error",
                    loc,
                    msg: "Additional properties are not allowed".to_owned(),
                    input: input.clone(),
                    ctx: Some(json!({"additional_properties": false, "unexpected_field": name})),
                });
            }
        }
        Kind::Type { kind } => {
            let (kind, msg) = type_error(kind);
            push(kind, msg, None);
        }
        Kind::Format { format } => {
            let (kind, msg) = format_error(format);
            push(kind, msg, None);
        }
        Kind::Pattern { pattern } => push(
            "string_pattern_mismatch",
            format!("String should match pattern '{pattern}'"),
            Some(json!({"pattern": pattern})),
        ),
        Kind::MinLength { limit } => push(
            "string_too_short",
            format!("String should have at least {}", count(*limit, "character")),
            Some(json!({"min_length": limit})),
        ),
        Kind::MaxLength { limit } => push(
            "string_too_long",
            format!("String should have at most {}", count(*limit, "character")),
            Some(json!({"max_length": limit})),
        ),
        Kind::MinItems { limit } => push(
            "too_short",
            format!(
                "List should have at least {} after validation",
                count(*limit, "item")
            ),
            Some(json!({"min_length": limit})),
        ),
        Kind::MaxItems { limit } => push(
            "too_long",
            format!(
                "List should have at most {} after validation",
                count(*limit, "item")
            ),
            Some(json!({"max_length": limit})),
        ),
        Kind::Minimum { limit } => push(
            "greater_than_equal",
            format!("Input should be greater than or equal to {limit}"),
            Some(json!({"ge": limit})),
        ),
        Kind::ExclusiveMinimum { limit } => push(
            "greater_than",
            format!("Input should be greater than {limit}"),
            Some(json!({"gt": limit})),
        ),
        Kind::Maximum { limit } => push(
            "less_than_equal",
            format!("Input should be less than or equal to {limit}"),
            Some(json!({"le": limit})),
        ),
        Kind::ExclusiveMaximum { limit } => push(
            "less_than",
            format!("Input should be less than {limit}"),
            Some(json!({"lt": limit})),
        ),
        Kind::MultipleOf { multiple_of } => push(
            "multiple_of",
            format!("Input should be a multiple of {multiple_of}"),
            Some(json!({"multiple_of": multiple_of})),
        ),
        Kind::Enum { options } => {
            let expected = alternatives(options);
            push(
                "enum",
                format!("Input should be {expected}"),
                Some(json!({"expected": expected})),
            );
        }
        _ => push("validation_error", error.to_string(), None),
    }
}

fn count(limit: u64, noun: &str) -> String {
    format!("{limit} {noun}{}", if limit == 1 { "" } else { "s" })
}

fn type_error(kind: &TypeKind) -> (&'static str, String) {
    let words = match kind {
        TypeKind::Single(JsonType::Integer) => (
            "int_parsing",
            "integer, unable to parse string as an integer",
        ),
        TypeKind::Single(JsonType::Number) => (
            "float_parsing",
            "number, unable to parse string as a number",
        ),
        TypeKind::Single(JsonType::Boolean) => {
            ("bool_parsing", "boolean, unable to interpret input")
        }
        TypeKind::Single(JsonType::String) => ("string_type", "string"),
        TypeKind::Single(JsonType::Array) => ("list_type", "list"),
        TypeKind::Single(JsonType::Object) => ("dict_type", "dictionary"),
        TypeKind::Single(JsonType::Null) => ("none_required", "null"),
        TypeKind::Multiple(_) => ("type_error", "value of one of the declared types"),
    };
    (words.0, format!("Input should be a valid {}", words.1))
}

fn format_error(format: &str) -> (&'static str, String) {
    let (kind, noun) = match format {
        "uuid" => ("uuid_parsing", "UUID"),
        "date" => ("date_parsing", "date"),
        "date-time" => ("datetime_parsing", "datetime"),
        "time" => ("time_parsing", "time"),
        "duration" => ("duration_parsing", "duration"),
        "uri" => ("url_parsing", "URL"),
        other => ("value_error", other),
    };
    (kind, format!("Input should be a valid {noun}"))
}

/// `'a', 'b' or 'c'`.
fn alternatives(options: &Value) -> String {
    let words: Vec<String> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(|option| match option {
            Value::String(text) => format!("'{text}'"),
            other => other.to_string(),
        })
        .collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(schema: Value, value: Value) -> Value {
        let mut errors = Vec::new();
        let schema = Schema::compile(&schema).unwrap();
        schema.collect(&value, &["body".into()], &mut errors);
        assert_eq!(schema.is_valid(&value), errors.is_empty());
        serde_json::to_value(errors).unwrap()
    }

    #[test]
    fn reports_every_error() {
        let schema = json!({"type": "object", "required": ["name", "price"],
            "properties": {"name": {"type": "string", "minLength": 3}, "price": {"type": "number"},
                "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}}},
            "additionalProperties": false});
        let value = json!({"name": "ab", "tags": ["a", "x"], "extra": 1});
        assert_eq!(
            errors(schema, value.clone()),
            json!([
                {"type": "missing", "loc": ["body", "price"], "msg": "Field required", "input": value},
                {"type": "string_too_short", "loc": ["body", "name"], "input": "ab",
                 "msg": "String should have at least 3 characters", "ctx": {"min_length": 3}},
                {"type": "enum", "loc": ["body", "tags", 1], "input": "x",
                 "msg": "Input should be 'a', 'b' or 'c'", "ctx": {"expected": "'a', 'b' or 'c'"}},
                {"type": "validation_error", "loc": ["body", "extra"], "input": value,
                 "msg": "Additional properties are not allowed",
                 "ctx": {"additional_properties": false, "unexpected_field": "extra"}},
            ])
        );
    }

    #[test]
    fn checks_formats() {
        let bad = errors(json!({"type": "string", "format": "uuid"}), json!("x"));
        assert_eq!(bad[0]["type"], "uuid_parsing");
        assert_eq!(
            errors(json!({"format": "date"}), json!("2024-02-30"))[0]["type"],
            "date_parsing"
        );
    }

    #[test]
    fn says_where_a_schema_is_wrong() {
        let error = Schema::compile(&json!({"properties": {"a": {"type": "strin"}}})).unwrap_err();
        assert!(
            error.contains("strin") && error.contains("/properties/a"),
            "{error}"
        );
    }
}
