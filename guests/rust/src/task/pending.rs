//! Operations in progress, and their results.

use std::task::Waker;

use serde::de::DeserializeOwned;

use crate::{Content, OperationError};

/// The result of an operation.
#[derive(Debug)]
pub(crate) struct Completed {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Content,
}

impl Completed {
    /// Returns the result of an operation whose task has been cancelled.
    pub(crate) fn cancelled() -> Self {
        let head =
            r#"{"code":"cancelled","message":"the request that started this operation has ended"}"#;
        Self {
            status: 1,
            head: head.to_owned(),
            body: Content::Empty,
        }
    }

    /// Reads the head.
    pub(crate) fn head<T: DeserializeOwned>(&self) -> Result<T, OperationError> {
        let head = if self.head.is_empty() {
            "{}"
        } else {
            &self.head
        };
        serde_json::from_str(head).map_err(|error| {
            OperationError::conversion(format!("the host answered `{head}`: {error}"))
        })
    }

    /// Returns the body as bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self.body {
            Content::Empty => Vec::new(),
            Content::Json(text) | Content::Text(text) => text.into_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }

    /// Returns the body as text.
    pub(crate) fn into_text(self) -> Result<String, OperationError> {
        String::from_utf8(self.into_bytes())
            .map_err(|error| OperationError::conversion(error.to_string()))
    }

    pub(super) fn check(self) -> Result<Self, OperationError> {
        match self.status {
            1 => Err(OperationError::parse(&self.head)),
            _ => Ok(self),
        }
    }
}

/// An operation in progress, as the executor keeps it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) task: u32,
    pub(super) state: PendingState,
}

#[derive(Debug)]
pub(super) enum PendingState {
    Waiting(Waker),
    Ended(Completed),
}

impl Pending {
    /// Stores the result, and returns the waker of the job that waits for it. The first result
    /// stays.
    pub(super) fn complete(&mut self, completed: Completed) -> Option<Waker> {
        if let PendingState::Ended(_) = self.state {
            return None;
        }
        match std::mem::replace(&mut self.state, PendingState::Ended(completed)) {
            PendingState::Waiting(waker) => Some(waker),
            PendingState::Ended(_) => None,
        }
    }
}
