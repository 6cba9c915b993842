//! Functions and closures as handlers, for routes that no macro creates.

use std::rc::Rc;

use crate::functions::functions;
use crate::maybe_future::{MaybeFuture, Respond};
use crate::{Call, Declaration, Extract, Reply};

/// A function or closure of up to eight arguments, each an [`Extract`], that
/// returns an [`IntoReply`](crate::IntoReply), or an `async` one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler is a `fn`, `async fn` or closure whose arguments are `Path<T>`, `Query<T>`, `Json<T>`, ... and which returns `Json<T>`, `String`, `Reply`, `Result<_, HttpError>`, ...",
    note = "the attribute `#[get(...)]` on the function points at the argument or reply that does not fit"
)]
pub trait Handler<Arguments>: 'static {
    /// Declares the parameters and the body that the arguments need.
    fn declare(declaration: &mut Declaration<'_>);

    /// Answers a call, or returns the future of the reply.
    fn answer(self: &Rc<Self>, call: &mut Call<'_>) -> MaybeFuture<Reply>;
}

functions!(Handler::answer, Respond::respond -> Reply);
