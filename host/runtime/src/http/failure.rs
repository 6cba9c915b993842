//! Why a request of an app for `wasi:http` has no reply.

use crate::error::CallError;

/// Why a request has no reply.
#[derive(Debug)]
pub enum HttpFailure {
    /// The guest failed.
    Call(CallError),
    /// The request's own body cannot be taken.
    Upload(UploadError),
}

impl From<CallError> for HttpFailure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// Why the body of a request cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadError {
    /// It is longer than so many bytes.
    TooLarge(u64),
    /// The client lets the guest wait for too long.
    Late,
    /// The connection, or its framing, broke.
    Broken(String),
}
