//! Reads the input of operations.

use serde::de::DeserializeOwned;

use super::outcome::Fault;
use crate::Content;

/// Reads the head of an operation.
pub(super) fn read<T: DeserializeOwned>(head: &str) -> Result<T, Fault> {
    let head = if head.is_empty() { "{}" } else { head };
    Ok(serde_json::from_str(head)?)
}

/// Returns the bytes of a body.
pub(super) fn bytes(body: &Content) -> &[u8] {
    match body {
        Content::Empty => &[],
        Content::Json(text) | Content::Text(text) => text.as_bytes(),
        Content::Bytes(bytes) => bytes,
    }
}
