//! The errors of this crate that `?` converts to an [`HttpError`].

use crate::{Aborted, ContextError, Elapsed, HttpError, OperationError};

/// Errors that `?` converts to a failure, with status 500 for the client.
macro_rules! failures {
    ($($error:ty),*) => {
        $(impl From<$error> for HttpError {
            fn from(error: $error) -> Self {
                Self::internal(error)
            }
        })*
    };
}

failures!(
    OperationError,
    ContextError,
    Elapsed,
    Aborted,
    serde_json::Error
);
