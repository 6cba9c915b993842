//! Results of handlers and hooks: some are there at once, others come later.

use std::fmt;
use std::pin::Pin;

use crate::outcome::Outcome;
use crate::{IntoReply, Reply};

/// A future on the heap that stays on its thread.
pub(crate) type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// A value, or a future of it.
pub enum MaybeFuture<T> {
    /// The value.
    Ready(T),
    /// The future of an `async` function, which has not been polled yet.
    Later(Pin<Box<dyn Future<Output = T>>>),
}

impl<T> MaybeFuture<T> {
    /// Stores a future.
    pub fn later(future: impl Future<Output = T> + 'static) -> Self {
        Self::Later(Box::pin(future))
    }

    /// Returns the value when it is there.
    pub async fn wait(self) -> T {
        match self {
            Self::Ready(value) => value,
            Self::Later(future) => future.await,
        }
    }
}

impl<T> From<T> for MaybeFuture<T> {
    fn from(value: T) -> Self {
        Self::Ready(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for MaybeFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(value) => f.debug_tuple("Ready").field(value).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

/// Marks a function that returns its result.
#[derive(Debug)]
pub enum Sync {}

/// Marks a function that returns the future of its result, such as an `async fn`.
#[derive(Debug)]
pub enum Async {}

/// A return value of a handler: an [`IntoReply`], or a future of one. `Mode` is [`Sync`] or
/// [`Async`]; the compiler infers it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a handler",
    label = "not a reply, and not the future of one",
    note = "return `Json<T>` (where `T: Serialize`), `String`, `Vec<u8>`, `()`, `Html`, `Redirect`, `Reply`, `(u16, T)` or a `Result` of these"
)]
pub trait Respond<Mode> {
    /// Returns the reply or its future.
    fn respond(self) -> MaybeFuture<Reply>;
}

impl<R: IntoReply> Respond<Sync> for R {
    fn respond(self) -> MaybeFuture<Reply> {
        MaybeFuture::Ready(self.into_reply())
    }
}

impl<F: Future<Output: IntoReply> + 'static> Respond<Async> for F {
    fn respond(self) -> MaybeFuture<Reply> {
        MaybeFuture::later(async { self.await.into_reply() })
    }
}

/// A return value of a hook that runs before the handler: an [`Outcome`], or a future of one.
/// `Mode` is [`Sync`] or [`Async`]; the compiler infers it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a hook",
    label = "not an outcome of a hook, and not the future of one",
    note = "return `()`, an `Option` of what a handler may return, a `Reply`, or a `Result` of these; a hook that replies says `Some(...)`"
)]
pub trait Decide<Mode> {
    /// Returns the reply, `None` to continue, or the future of either.
    fn decide(self) -> MaybeFuture<Option<Reply>>;
}

impl<R: Outcome> Decide<Sync> for R {
    fn decide(self) -> MaybeFuture<Option<Reply>> {
        MaybeFuture::Ready(self.into_outcome())
    }
}

impl<F: Future<Output: Outcome> + 'static> Decide<Async> for F {
    fn decide(self) -> MaybeFuture<Option<Reply>> {
        MaybeFuture::later(async { self.await.into_outcome() })
    }
}
