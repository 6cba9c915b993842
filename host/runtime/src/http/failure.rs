//! Errors of requests to `wasi:http` apps.

use crate::error::CallError;

/// The reason why a request got no reply.
#[derive(Debug)]
pub enum HttpFailure {
    /// The guest failed.
    Call(CallError),
    /// The body of the request was rejected.
    Upload(UploadError),
}

impl From<CallError> for HttpFailure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// The reason why the body of a request was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadError {
    /// It is longer than the limit, in bytes.
    TooLarge(u64),
    /// The client sent no data within the time limit.
    Late,
    /// The connection or its framing broke.
    Broken(String),
}
