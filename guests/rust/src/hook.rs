//! Hooks: functions that run before and after a handler.

use std::rc::Rc;

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

macro_rules! hooks {
    ($($argument:ident $mode:ident)*) => {
        impl<F, R, Mode, $($argument, $mode),*> Hook<(Mode, $(($argument, $mode),)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: Decide<Mode>,
            $($argument: Extract<$mode> + 'static,)*
        {
            fn declare(_declaration: &mut Declaration<'_>) {
                $($argument::declare(_declaration);)*
            }

            #[allow(non_snake_case, unreachable_patterns)]
            fn run(self: &Rc<Self>, _call: &mut Call<'_>) -> MaybeFuture<Option<Reply>> {
                $(let $argument = match $argument::extract(_call) {
                    MaybeFuture::Ready(Err(reply)) => return Some(reply).into(),
                    argument => argument,
                };)*
                match ($($argument,)*) {
                    ($(MaybeFuture::Ready(Ok($argument)),)*) => self($($argument),*).decide(),
                    ($($argument,)*) => {
                        let function = self.clone();
                        MaybeFuture::later(async move {
                            $(let $argument = match $argument.wait().await {
                                Ok(argument) => argument,
                                Err(reply) => return Some(reply),
                            };)*
                            function($($argument),*).decide().wait().await
                        })
                    }
                }
            }
        }
    };
}

hooks!();
hooks!(A MA);
hooks!(A MA B MB);
hooks!(A MA B MB C MC);
hooks!(A MA B MB C MC D MD);
hooks!(A MA B MB C MC D MD E ME);
hooks!(A MA B MB C MC D MD E ME G MG);
hooks!(A MA B MB C MC D MD E ME G MG H MH);
hooks!(A MA B MB C MC D MD E ME G MG H MH I MI);
