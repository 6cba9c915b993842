//! Problem documents (RFC 9457): the body of every error response of the host.

use serde::Serialize;

use crate::field_error::FieldError;
use crate::limits::MAX_ERRORS;

/// The base URI of the host's problem types.
const TYPES: &str = "https://spikard.dev/errors/";

/// A problem document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// The problem type, a URI.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short summary, the same for every occurrence of the type.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The details of this occurrence, for the client's developer.
    pub detail: String,
    /// The errors of single fields; only for validation errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// The content type of a problem document.
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// Creates a problem. `kind`: the last segment of the type URI.
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

    /// Creates the problem of a request that violates its schemas. Keeps at most 100
    /// errors.
    #[must_use]
    pub fn validation(mut errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "1 validation error in request".to_owned(),
            count if count < MAX_ERRORS => format!("{count} validation errors in request"),
            _ => format!("{MAX_ERRORS} or more validation errors in request"),
        };
        errors.truncate(MAX_ERRORS);
        Self {
            errors,
            ..Self::new(422, "validation-error", "Request Validation Failed", detail)
        }
    }

    /// Serializes the document.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}
