//! Converts schema errors to entries of a problem document, with the messages and types
//! of Pydantic.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, ValidationError};
use serde_json::{Value, json};

use crate::field_error::{ErrorKind, FieldError, LocItem, is_small, shorten};
use crate::limits::MAX_ERRORS;

/// The error type and message for a JSON Schema `type`.
type TypeMessage = (ErrorKind, &'static str);

pub(crate) const INTEGER: TypeMessage = (
    ErrorKind::IntParsing,
    "Input should be a valid integer, unable to parse string as an integer",
);
pub(crate) const NUMBER: TypeMessage = (
    ErrorKind::FloatParsing,
    "Input should be a valid number, unable to parse string as a number",
);
pub(crate) const BOOLEAN: TypeMessage = (
    ErrorKind::BoolParsing,
    "Input should be a valid boolean, unable to interpret input",
);
pub(crate) const LIST: TypeMessage = (ErrorKind::ListType, "Input should be a valid list");
pub(crate) const DICT: TypeMessage = (ErrorKind::DictType, "Input should be a valid dictionary");
pub(crate) const TYPES: TypeMessage = (
    ErrorKind::TypeError,
    "Input should be a valid value of one of the declared types",
);
const TEXT: TypeMessage = (ErrorKind::StringType, "Input should be a valid string");
const NULL: TypeMessage = (ErrorKind::NoneRequired, "Input should be a valid null");

/// The pattern that an `email` error shows. The check itself follows RFC 5321.
const EMAIL: &str = r"^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$";

/// Appends one schema error. An error about several members becomes several entries.
pub(crate) fn describe(error: &ValidationError<'_>, at: &[LocItem], errors: &mut Vec<FieldError>) {
    let mut loc = at.to_vec();
    loc.extend(error.instance_path().into_iter().map(|step| match step {
        LocationSegment::Property(name) => LocItem::from(&*name),
        LocationSegment::Index(index) => LocItem::Index(index),
    }));
    let input = error.instance();
    let input = input.as_ref();
    let new = |kind, loc: Vec<LocItem>, msg: String| FieldError::new(kind, loc, msg, input);
    let found = match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            if error.schema_path().as_str().contains("/dependentRequired") {
                let msg = format!("\"{}\" is a required property", shorten(name));
                new(ErrorKind::ValidationError, loc, msg)
            } else {
                loc.push(name.into());
                FieldError::missing(loc, input)
            }
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected.iter().take(MAX_ERRORS) {
                let mut loc = loc.clone();
                loc.push(name.as_str().into());
                let ctx =
                    json!({"additional_properties": false, "unexpected_field": shorten(name)});
                let msg = "Additional properties are not allowed";
                errors.push(new(ErrorKind::ValidationError, loc, msg.to_owned()).with(ctx));
            }
            return;
        }
        Kind::Type { kind } => {
            let (kind, msg) = type_message(kind);
            new(kind, loc, msg.to_owned())
        }
        Kind::Format { format } if format == "email" => pattern(EMAIL, loc, input),
        Kind::Pattern { pattern: expected } => pattern(expected, loc, input),
        Kind::BacktrackLimitExceeded { .. } => {
            let msg = "String is too long for the pattern it should match";
            new(ErrorKind::StringPatternMismatch, loc, msg.to_owned())
        }
        Kind::UniqueItems => unique(loc, input),
        Kind::Enum { options } => {
            let expected = alternatives(options);
            let ctx = json!({"expected": expected});
            new(ErrorKind::Enum, loc, format!("Input should be {expected}")).with(ctx)
        }
        kind => match bound(kind) {
            Some((kind, msg, ctx)) => {
                let error = new(kind, loc, msg);
                ctx.map_or(error.clone(), |ctx| error.with(ctx))
            }
            None => new(ErrorKind::ValidationError, loc, crate_message(error)),
        },
    };
    errors.push(found);
}

/// Describes errors of keywords that compare with a number, and of formats.
fn bound(kind: &Kind) -> Option<(ErrorKind, String, Option<Value>)> {
    let count_message = |what: &str, limit: u64, noun: &str, after: &str| {
        let plural = if limit == 1 { "" } else { "s" };
        format!("{what} {limit} {noun}{plural}{after}")
    };
    let (kind, msg, ctx) = match kind {
        Kind::MinLength { limit } => (
            ErrorKind::StringTooShort,
            count_message("String should have at least", *limit, "character", ""),
            json!({"min_length": limit}),
        ),
        Kind::MaxLength { limit } => (
            ErrorKind::StringTooLong,
            count_message("String should have at most", *limit, "character", ""),
            json!({"max_length": limit}),
        ),
        Kind::MinItems { limit } => (
            ErrorKind::TooShort,
            count_message(
                "List should have at least",
                *limit,
                "item",
                " after validation",
            ),
            json!({"min_length": limit}),
        ),
        Kind::MaxItems { limit } => (
            ErrorKind::TooLong,
            count_message(
                "List should have at most",
                *limit,
                "item",
                " after validation",
            ),
            json!({"max_length": limit}),
        ),
        Kind::Minimum { limit } => (
            ErrorKind::GreaterThanEqual,
            format!("Input should be greater than or equal to {limit}"),
            json!({"ge": limit}),
        ),
        Kind::ExclusiveMinimum { limit } => (
            ErrorKind::GreaterThan,
            format!("Input should be greater than {limit}"),
            json!({"gt": limit}),
        ),
        Kind::Maximum { limit } => (
            ErrorKind::LessThanEqual,
            format!("Input should be less than or equal to {limit}"),
            json!({"le": limit}),
        ),
        Kind::ExclusiveMaximum { limit } => (
            ErrorKind::LessThan,
            format!("Input should be less than {limit}"),
            json!({"lt": limit}),
        ),
        Kind::MultipleOf { multiple_of } => (
            ErrorKind::MultipleOf,
            format!("Input should be a multiple of {multiple_of}"),
            json!({"multiple_of": multiple_of}),
        ),
        Kind::Format { format } => {
            let (kind, noun) = match format.as_str() {
                "uuid" => (ErrorKind::UuidParsing, "UUID"),
                "date" => (ErrorKind::DateParsing, "date"),
                "date-time" => (ErrorKind::DatetimeParsing, "datetime"),
                "time" => (ErrorKind::TimeParsing, "time"),
                "duration" => (ErrorKind::DurationParsing, "duration"),
                "uri" | "uri-reference" | "iri" | "iri-reference" => (ErrorKind::UrlParsing, "URL"),
                other => (ErrorKind::ValueError, other),
            };
            return Some((kind, format!("Input should be a valid {noun}"), None));
        }
        _ => return None,
    };
    Some((kind, msg, Some(ctx)))
}

fn pattern(pattern: &str, loc: Vec<LocItem>, input: &Value) -> FieldError {
    let msg = format!("String should match pattern '{pattern}'");
    FieldError::new(ErrorKind::StringPatternMismatch, loc, msg, input)
        .with(json!({"pattern": pattern}))
}

fn unique(loc: Vec<LocItem>, input: &Value) -> FieldError {
    let msg = "Array items must be unique";
    let error = FieldError::new(ErrorKind::ValidationError, loc, msg, input);
    let Some(items) = input.as_array().filter(|_| is_small(input)) else {
        return error;
    };
    let repeated = (1..items.len()).find(|at| items[..*at].contains(&items[*at]));
    match repeated {
        Some(at) => error.without_input().with(
            json!({"unique_items": true, "duplicate_value": items[at], "duplicate_index": at}),
        ),
        None => error,
    }
}

/// Returns the message of the crate `jsonschema`. It contains the value, so a large value
/// is masked.
fn crate_message(error: &ValidationError<'_>) -> String {
    let text = if is_small(error.instance()) {
        error.to_string()
    } else {
        error.masked().to_string()
    };
    shorten(&text).into_owned()
}

fn type_message(kind: &TypeKind) -> TypeMessage {
    match kind {
        TypeKind::Single(JsonType::Integer) => INTEGER,
        TypeKind::Single(JsonType::Number) => NUMBER,
        TypeKind::Single(JsonType::Boolean) => BOOLEAN,
        TypeKind::Single(JsonType::String) => TEXT,
        TypeKind::Single(JsonType::Array) => LIST,
        TypeKind::Single(JsonType::Object) => DICT,
        TypeKind::Single(JsonType::Null) => NULL,
        TypeKind::Multiple(_) => TYPES,
    }
}

/// Formats a list as `'a', 'b' or 'c'`.
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
