//! Problem documents (RFC 9457): the body of every error a client gets.

use serde::Serialize;

use crate::field_error::FieldError;
use crate::limits::MAX_ERRORS;

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

    /// The document of a request whose fields break their schemas. It names at most
    /// 100 errors.
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

    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}
