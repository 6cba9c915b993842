//! The return types of hooks.

use crate::{HttpError, IntoErrorReply, IntoReply, Reply};

/// A return type of a hook: nothing, or a reply.
///
/// | returned value | before the handler | after the handler |
/// |---|---|---|
/// | `()`, `None`, `Ok(())` | the request continues | the reply stays, with the changes of the hook |
/// | `Some` of an [`IntoReply`], [`Reply`], [`HttpError`] | ends the request with this reply | replaces the reply |
/// | `Err` | ends the request with the reply from [`IntoErrorReply`] | replaces the reply |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a hook",
    label = "not an outcome of a hook",
    note = "return `()`, an `Option` of what a handler may return, a `Reply`, or a `Result` of these; a hook that replies says `Some(...)`"
)]
pub trait Outcome {
    /// Returns the reply, or `None` to continue.
    fn into_outcome(self) -> Option<Reply>;
}

impl Outcome for () {
    fn into_outcome(self) -> Option<Reply> {
        None
    }
}

impl Outcome for Reply {
    fn into_outcome(self) -> Option<Reply> {
        Some(self)
    }
}

impl Outcome for HttpError {
    fn into_outcome(self) -> Option<Reply> {
        Some(self.into())
    }
}

impl<T: IntoReply> Outcome for Option<T> {
    fn into_outcome(self) -> Option<Reply> {
        self.map(IntoReply::into_reply)
    }
}

impl<T: Outcome, E: IntoErrorReply> Outcome for Result<T, E> {
    fn into_outcome(self) -> Option<Reply> {
        match self {
            Ok(outcome) => outcome.into_outcome(),
            Err(error) => Some(error.into_error_reply()),
        }
    }
}
