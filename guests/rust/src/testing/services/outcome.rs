//! Results of operations.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Content;

/// The result of an operation, and when it is ready.
#[derive(Debug)]
pub(super) struct Outcome {
    /// `None`: at once.
    pub(super) delay: Option<Duration>,
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Content,
    /// Another operation that this one ends, and its result.
    pub(super) ends: Option<(u32, Box<Outcome>)>,
}

impl Outcome {
    /// Creates a result without a head or a body.
    pub(super) fn new(status: u16) -> Self {
        Self {
            delay: Some(Duration::ZERO),
            status,
            head: String::new(),
            body: Content::Empty,
            ends: None,
        }
    }

    /// Creates the result of an operation that another one ends.
    pub(super) fn pending() -> Self {
        Self::new(0).at_once()
    }

    pub(super) fn head(mut self, head: &Value) -> Self {
        self.head = head.to_string();
        self
    }

    pub(super) fn body(mut self, body: Content) -> Self {
        self.body = body;
        self
    }

    pub(super) fn at_once(mut self) -> Self {
        self.delay = None;
        self
    }

    pub(super) fn after(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }
}

/// A failed operation.
#[derive(Debug)]
pub(super) struct Fault(pub(super) Value);

impl Fault {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self(json!({"code": code, "message": message.into()}))
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::new("invalid", error.to_string())
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        Self::new(1).head(&fault.0)
    }
}
