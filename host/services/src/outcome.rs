//! The result of an operation.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Data of an operation or of its result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Payload {
    /// No data.
    #[default]
    Empty,
    /// A JSON text.
    Json(String),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Payload {
    /// Returns the bytes of the data.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Empty => &[],
            Self::Json(text) | Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Result of a successful operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Status, 100 to 999; 200 unless the kind of operation says otherwise.
    pub status: u16,
    /// JSON object, or empty.
    pub head: String,
    /// Data.
    pub body: Payload,
}

impl Outcome {
    /// Creates a result with the status 200.
    #[must_use]
    pub fn new(head: String, body: Payload) -> Self {
        Self {
            status: 200,
            head,
            body,
        }
    }
}

/// A failed operation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Failed {
    /// Code of `docs/operations.md`, such as `timeout`.
    pub code: Cow<'static, str>,
    /// A sentence for the app's developer, without passwords and addresses.
    pub message: String,
    /// Further members of the result's head.
    pub details: Map<String, Value>,
}

impl Failed {
    /// Creates a failure without further members.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Cow::Borrowed(code),
            message: message.into(),
            details: Map::new(),
        }
    }

    /// Returns the head of the result.
    #[must_use]
    pub fn head(&self) -> String {
        let mut head = Map::new();
        head.insert("code".to_owned(), Value::from(self.code.as_ref()));
        head.insert("message".to_owned(), Value::from(self.message.as_str()));
        head.extend(self.details.clone());
        Value::Object(head).to_string()
    }
}
