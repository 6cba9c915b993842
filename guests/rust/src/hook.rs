//! Hooks: functions that run before and after a handler.

use std::rc::Rc;

use crate::functions::functions;
use crate::maybe_future::{Decide, MaybeFuture};
use crate::{Call, Declaration, Extract, Reply};

/// A hook that runs before the handler: a function or closure of up to eight
/// arguments, each an [`Extract`], that returns an [`Outcome`](crate::Outcome), or an `async` one.
///
/// The `Path`, `Query`, `Headers` and `Cookies` arguments of a pre-handler hook become part of
/// the route's contract, like those of a handler. A parameter that both take must have the same
/// type in both. Earlier hooks run before validation, so they can only take
/// [`Request`](crate::Request), [`LocalContext`](crate::LocalContext),
/// [`GlobalContext`](crate::GlobalContext), [`MatchedPath`](crate::MatchedPath),
/// [`Claims`](crate::Claims) and your own arguments that declare no parameters. No hook can
/// take the body.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a hook",
    label = "not a hook",
    note = "a hook is a `fn`, `async fn` or closure whose arguments are `Request`, `LocalContext`, ... and which returns `()`, `Option<Reply>`, `Result<(), HttpError>`, ..."
)]
pub trait Hook<Arguments>: 'static {
    /// Declares the parameters that the arguments need.
    fn declare(declaration: &mut Declaration<'_>);

    /// Runs the hook, or returns its future. A reply ends the request.
    fn run(self: &Rc<Self>, call: &mut Call<'_>) -> MaybeFuture<Option<Reply>>;
}

functions!(Hook::run, Decide::decide -> Option<Reply>);
