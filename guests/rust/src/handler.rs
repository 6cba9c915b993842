//! Functions and closures as handlers, for routes that no macro creates.

use std::rc::Rc;

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

macro_rules! handlers {
    ($($argument:ident $mode:ident)*) => {
        impl<F, R, Mode, $($argument, $mode),*> Handler<(Mode, $(($argument, $mode),)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: Respond<Mode>,
            $($argument: Extract<$mode> + 'static,)*
        {
            fn declare(_declaration: &mut Declaration<'_>) {
                $($argument::declare(_declaration);)*
            }

            #[allow(non_snake_case, unreachable_patterns)]
            fn answer(self: &Rc<Self>, _call: &mut Call<'_>) -> MaybeFuture<Reply> {
                $(let $argument = match $argument::extract(_call) {
                    MaybeFuture::Ready(Err(reply)) => return reply.into(),
                    argument => argument,
                };)*
                match ($($argument,)*) {
                    ($(MaybeFuture::Ready(Ok($argument)),)*) => self($($argument),*).respond(),
                    ($($argument,)*) => {
                        let function = self.clone();
                        MaybeFuture::later(async move {
                            $(let $argument = match $argument.wait().await {
                                Ok(argument) => argument,
                                Err(reply) => return reply,
                            };)*
                            function($($argument),*).respond().wait().await
                        })
                    }
                }
            }
        }
    };
}

handlers!();
handlers!(A MA);
handlers!(A MA B MB);
handlers!(A MA B MB C MC);
handlers!(A MA B MB C MC D MD);
handlers!(A MA B MB C MC D MD E ME);
handlers!(A MA B MB C MC D MD E ME G MG);
handlers!(A MA B MB C MC D MD E ME G MG H MH);
handlers!(A MA B MB C MC D MD E ME G MG H MH I MI);
