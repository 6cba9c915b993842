//! The errors of this crate that `?` converts to an [`HttpError`] or a [`Reply`].

use crate::{Aborted, ContextError, Elapsed, HttpError, OperationError, Reply};

/// Errors that `?` converts to a failure, with status 500 for the client.
macro_rules! failures {
    ($($error:ty),*) => {
        $(impl From<$error> for HttpError {
            fn from(error: $error) -> Self {
                Self::internal(error)
            }
        }

        impl From<$error> for Reply {
            fn from(error: $error) -> Self {
                HttpError::internal(error).into()
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
