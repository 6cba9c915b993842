//! Operations and their results, as the host and as guests see them.

use std::future::Future;
use std::pin::Pin;

use spikard_wasm_services::{Failed, Outcome, Payload};

use crate::reply::Content;

/// An operation in progress.
pub(super) type Operation = Pin<Box<dyn Future<Output = OperationResult> + Send>>;

/// Result of an operation.
pub(super) type OperationResult = Result<Outcome, Failed>;

/// Result of an operation as it crosses the guest boundary: status, head and body.
pub(super) type RawResult = (u16, String, Content);

/// Status of an operation in progress.
pub(crate) const PENDING: u16 = 0;

/// Status of a failed operation.
pub(super) const FAILED: u16 = 1;

/// Returns the form of a result that crosses the guest boundary.
pub(super) fn raw(result: OperationResult) -> RawResult {
    match result {
        Ok(outcome) => (outcome.status, outcome.head, content(outcome.body)),
        Err(failed) => (FAILED, failed.head(), Content::Empty),
    }
}

fn content(payload: Payload) -> Content {
    match payload {
        Payload::Empty => Content::Empty,
        Payload::Json(text) => Content::Json(text),
        Payload::Text(text) => Content::Text(text),
        Payload::Bytes(bytes) => Content::Bytes(bytes),
    }
}

pub(super) fn payload(content: Content) -> Payload {
    match content {
        Content::Empty => Payload::Empty,
        Content::Json(text) => Payload::Json(text),
        Content::Text(text) => Payload::Text(text),
        Content::Bytes(bytes) => Payload::Bytes(bytes),
    }
}

/// Returns an operation that is complete.
pub(super) fn ready(result: OperationResult) -> Operation {
    Box::pin(std::future::ready(result))
}
