//! Functions and closures as handlers, for routes that no macro creates.

use crate::{Call, Declaration, FromRequest, IntoReply, Reply};

/// A function or closure of up to eight arguments, each a [`FromRequest`], that
/// returns an [`IntoReply`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler is a plain `fn` or closure (not `async`) whose arguments are `Path<T>`, `Query<T>`, `Json<T>`, ... and which returns `Json<T>`, `String`, `Reply`, `Result<_, HttpError>`, ...",
    note = "the attribute `#[get(...)]` on the function points at the argument or reply that does not fit"
)]
pub trait Handler<Arguments>: 'static {
    /// Declares the parameters and the body that the arguments need.
    fn declare(declaration: &mut Declaration<'_>);

    /// Answers a call.
    fn answer(&self, call: &mut Call<'_>) -> Reply;
}

macro_rules! handlers {
    ($($argument:ident)*) => {
        impl<F, R, $($argument),*> Handler<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + 'static,
            R: IntoReply,
            $($argument: FromRequest,)*
        {
            fn declare(_declaration: &mut Declaration<'_>) {
                $($argument::declare(_declaration);)*
            }

            #[allow(non_snake_case)]
            fn answer(&self, _call: &mut Call<'_>) -> Reply {
                $(let $argument = match $argument::from_request(_call) {
                    Ok(argument) => argument,
                    Err(reply) => return reply,
                };)*
                self($($argument),*).into_reply()
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
