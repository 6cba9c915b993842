//! Validation errors: the entries of a problem document's `errors`.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::limits::MAX_ECHO;

/// The type of a validation error, as in `errors[].type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "docs/errors.md says what each one is for")]
pub enum ErrorKind {
    Missing,
    IntParsing,
    FloatParsing,
    BoolParsing,
    StringType,
    ListType,
    DictType,
    NoneRequired,
    TypeError,
    JsonInvalid,
    StringTooShort,
    StringTooLong,
    StringPatternMismatch,
    TooShort,
    TooLong,
    GreaterThan,
    GreaterThanEqual,
    LessThan,
    LessThanEqual,
    MultipleOf,
    Enum,
    UuidParsing,
    DateParsing,
    DatetimeParsing,
    TimeParsing,
    DurationParsing,
    UrlParsing,
    ValueError,
    ValidationError,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [Self; 29] = [
        Self::Missing,
        Self::IntParsing,
        Self::FloatParsing,
        Self::BoolParsing,
        Self::StringType,
        Self::ListType,
        Self::DictType,
        Self::NoneRequired,
        Self::TypeError,
        Self::JsonInvalid,
        Self::StringTooShort,
        Self::StringTooLong,
        Self::StringPatternMismatch,
        Self::TooShort,
        Self::TooLong,
        Self::GreaterThan,
        Self::GreaterThanEqual,
        Self::LessThan,
        Self::LessThanEqual,
        Self::MultipleOf,
        Self::Enum,
        Self::UuidParsing,
        Self::DateParsing,
        Self::DatetimeParsing,
        Self::TimeParsing,
        Self::DurationParsing,
        Self::UrlParsing,
        Self::ValueError,
        Self::ValidationError,
    ];
}

/// A validation error of one field of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldError {
    /// The kind of error, such as `int_parsing`.
    #[serde(rename = "type")]
    pub kind: ErrorKind,
    /// The location: `path`, `query`, `headers`, `cookie`, `body` or `files`, followed by
    /// the path to the field.
    pub loc: Vec<LocItem>,
    /// A message for people.
    pub msg: String,
    /// The rejected value. Absent for a file, and if `ctx` names the relevant part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The parameters of the violated rule, such as its limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

/// A step of an error's location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum LocItem {
    /// A member of an object.
    Name(String),
    /// An item of an array.
    Index(usize),
}

impl From<&str> for LocItem {
    fn from(name: &str) -> Self {
        Self::Name(shorten(name).into_owned())
    }
}

impl FieldError {
    /// Creates an error without `ctx`. Shortens a large `input`.
    #[must_use]
    pub fn new(kind: ErrorKind, loc: Vec<LocItem>, msg: impl Into<String>, input: &Value) -> Self {
        Self {
            kind,
            loc,
            msg: msg.into(),
            input: Some(echo(input)),
            ctx: None,
        }
    }

    /// Sets `ctx`: the parameters of the violated rule.
    #[must_use]
    pub fn with(self, ctx: Value) -> Self {
        Self {
            ctx: Some(ctx),
            ..self
        }
    }

    /// Removes the rejected value.
    #[must_use]
    pub fn without_input(self) -> Self {
        Self {
            input: None,
            ..self
        }
    }

    /// Creates the error of a missing required field.
    #[must_use]
    pub fn missing(loc: Vec<LocItem>, input: &Value) -> Self {
        Self::new(ErrorKind::Missing, loc, "Field required", input)
    }
}

/// Truncates a text to [`MAX_ECHO`] bytes and marks the cut with an ellipsis.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_ECHO {
        return Cow::Borrowed(text);
    }
    let end = (0..=MAX_ECHO).rev().find(|at| text.is_char_boundary(*at));
    Cow::Owned(format!("{}\u{2026}", &text[..end.unwrap_or(0)]))
}

/// Returns the value as an error shows it: a long text is truncated, and a large array or
/// object is replaced by its size. This keeps the reply to a large body small.
fn echo(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(shorten(text).into_owned()),
        Value::Array(items) if !is_small(value) => {
            json!(format!("(an array of {} items)", items.len()))
        }
        Value::Object(members) if !is_small(value) => {
            json!(format!("(an object of {} members)", members.len()))
        }
        small => small.clone(),
    }
}

/// Returns true if the JSON text of a value has about [`MAX_ECHO`] bytes or fewer.
pub(crate) fn is_small(value: &Value) -> bool {
    /// Subtracts the size of `value` from `room`. Returns false if it does not fit.
    fn fits(value: &Value, room: &mut usize) -> bool {
        let own = match value {
            Value::String(text) => text.len() + 2,
            Value::Array(items) => items.len() + 2,
            Value::Object(members) => members.len() + 2,
            Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        };
        let Some(left) = room.checked_sub(own) else {
            return false;
        };
        *room = left;
        match value {
            Value::Array(items) => items.iter().all(|item| fits(item, room)),
            Value::Object(members) => members.iter().all(|(name, member)| {
                let left = room.checked_sub(name.len() + 3);
                left.is_some_and(|left| {
                    *room = left;
                    fits(member, room)
                })
            }),
            _ => true,
        }
    }
    fits(value, &mut MAX_ECHO.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_values_are_not_repeated() {
        assert_eq!(echo(&json!({"a": [1]})), json!({"a": [1]}));
        let text = "é".repeat(MAX_ECHO);
        let cut = echo(&json!(text));
        assert!(cut.as_str().unwrap().len() <= MAX_ECHO + 3);
        assert_eq!(echo(&json!(vec![0; 5000])), "(an array of 5000 items)");
        assert_eq!(
            echo(&json!({"a": text, "b": 1})),
            "(an object of 2 members)"
        );
    }

    #[test]
    fn kinds_are_written_in_snake_case() {
        let written = serde_json::to_value(ErrorKind::StringPatternMismatch).unwrap();
        assert_eq!(written, "string_pattern_mismatch");
    }
}
