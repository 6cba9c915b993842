//! Operations: the work that guests submit to the host and wait for (`spikard:handler/io`).
//!
//! An export call is a [task](tasks). It submits operations, and returns without an answer if it
//! has to wait for them. The owner of the instance then [polls](tasks::Tasks::poll_next) the
//! operations and calls `resumable.resume` with each result until the task answers. No fiber is
//! held meanwhile. Everything that a task acquires, such as a transaction or a response body,
//! is dropped when the task ends.
//!
//! A failed operation is a result for the guest and never a trap.

pub(crate) mod databases;
mod fetch;
mod io;
mod keyvalue;
mod kinds;
mod resources;
pub(crate) mod tasks;

use std::future::Future;
use std::pin::Pin;

use spikard_wasm_services::{Failed, Outcome, Payload};

pub(crate) use self::io::add_to_linker;
pub(crate) use self::kinds::Services;
pub(crate) use self::resources::Resources;
pub(crate) use self::tasks::{Answer, Ended, Tasks};
use crate::reply::Content;

/// An operation in progress.
type Operation = Pin<Box<dyn Future<Output = OperationResult> + Send>>;

/// Result of an operation.
type OperationResult = Result<Outcome, Failed>;

/// Result of an operation as it crosses the guest boundary: status, head and body.
type RawResult = (u16, String, Content);

/// Status of an operation in progress.
pub(crate) const PENDING: u16 = 0;

/// Status of a failed operation.
const FAILED: u16 = 1;

/// Returns the form of a result that crosses the guest boundary.
fn raw(result: OperationResult) -> RawResult {
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

fn payload(content: Content) -> Payload {
    match content {
        Content::Empty => Payload::Empty,
        Content::Json(text) => Payload::Json(text),
        Content::Text(text) => Payload::Text(text),
        Content::Bytes(bytes) => Payload::Bytes(bytes),
    }
}

/// Returns an operation that is complete.
fn ready(result: OperationResult) -> Operation {
    Box::pin(std::future::ready(result))
}
