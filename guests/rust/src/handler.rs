//! Functions and closures as handlers, for routes that no macro creates.

use crate::maybe_future::{MaybeFuture, Respond};
use crate::{Call, Declaration, FromRequest, Reply};

/// A function or closure of up to eight arguments, each a [`FromRequest`], that
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
    fn answer(&self, call: &mut Call<'_>) -> MaybeFuture<Reply>;
}

macro_rules! handlers {
    ($($argument:ident)*) => {
        impl<F, R, Mode, $($argument),*> Handler<(Mode, $($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: Respond<Mode>,
            $($argument: FromRequest,)*
        {
            fn declare(_declaration: &mut Declaration<'_>) {
                $($argument::declare(_declaration);)*
            }

            #[allow(non_snake_case)]
            fn answer(&self, _call: &mut Call<'_>) -> MaybeFuture<Reply> {
                $(let $argument = match $argument::from_request(_call) {
                    Ok(argument) => argument,
                    Err(reply) => return reply.into(),
                };)*
                self($($argument),*).respond()
            }
        }
    };
}

handlers!();
handlers!(A);
handlers!(A B);
handlers!(A B C);
handlers!(A B C D);
handlers!(A B C D E);
handlers!(A B C D E G);
handlers!(A B C D E G H);
handlers!(A B C D E G H I);
