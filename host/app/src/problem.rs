//! Problem documents (RFC 9457): the body of every error a client gets.

use serde::Serialize;
use serde_json::Value;

/// Where the error types of this host are named.
const TYPES: &str = "https://spikard.dev/errors/";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// What kind of problem it is, as a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words; the same for every occurrence.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, for the client's developer.
    pub detail: String,
    /// What is wrong with each field; only in validation errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// The content type of a problem document.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// A problem of a kind this host names.
    #[must_use]
    pub fn new(status: u16, kind: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPES}{kind}"),
            title,
            status,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// The document of a request whose fields break their schemas.
    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let plural = if errors.len() == 1 { "" } else { "s" };
        let detail = format!("{} validation error{plural} in request", errors.len());
        Self {
            errors,
            ..Self::new(422, "validation-error", "Request Validation Failed", detail)
        }
    }

    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldError {
    /// The kind of error, such as `int_parsing`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where: `path`, `query`, `headers`, `cookie` or `body`, then the way to the field.
    pub loc: Vec<LocItem>,
    /// What is wrong, for people.
    pub msg: String,
    /// The value that was refused.
    pub input: Value,
    /// The numbers and names of the rule that was broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

/// A step on the way to a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LocItem {
    /// A member of an object.
    Name(String),
    /// An item of an array.
    Index(usize),
}

impl From<&str> for LocItem {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl FieldError {
    /// A required field that is not there.
    #[must_use]
    pub fn missing(loc: Vec<LocItem>, input: Value) -> Self {
        Self {
            kind: "missing",
            loc,
            msg: "Field required".to_owned(),
            input,
            ctx: None,
        }
    }
}
