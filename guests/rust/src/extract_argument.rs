//! Reads the arguments of handlers and hooks, of which some have to wait.

use crate::maybe_future::{Async, MaybeFuture, Sync};
use crate::request_parts::RequestParts;
use crate::{Call, Declaration, FromRequest, FromRequestAsync, IntoErrorReply, Reply};

/// An argument of a handler or hook: a [`FromRequest`] or a [`FromRequestAsync`]. `Mode` is
/// [`Sync`] or [`Async`]; the compiler infers it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    label = "not an argument a handler can take",
    note = "take `Path<T>`, `Query<T>`, `Headers<T>`, `Cookies<T>`, `Json<T>`, `Form<T>` (where `T: Deserialize + JsonSchema`), `Multipart`, `String`, `Vec<u8>`, `Body`, `Request` or `State<T>`",
    note = "or implement `FromRequest` or `FromRequestAsync` for it"
)]
pub trait Extract<Mode>: Sized {
    /// Declares the parameters or the body that the value is read from.
    fn declare(declaration: &mut Declaration<'_>);

    /// Reads the value from a call, or returns the future of it. The error is the reply to send
    /// instead of calling the handler.
    fn extract(call: &mut Call<'_>) -> MaybeFuture<Result<Self, Reply>>;
}

impl<T: FromRequest> Extract<Sync> for T {
    #[inline]
    fn declare(declaration: &mut Declaration<'_>) {
        <T as FromRequest>::declare(declaration);
    }

    #[inline]
    fn extract(call: &mut Call<'_>) -> MaybeFuture<Result<Self, Reply>> {
        MaybeFuture::Ready(T::from_request(call))
    }
}

impl<T: FromRequestAsync> Extract<Async> for T {
    fn declare(declaration: &mut Declaration<'_>) {
        <T as FromRequestAsync>::declare(declaration);
    }

    fn extract(call: &mut Call<'_>) -> MaybeFuture<Result<Self, Reply>> {
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(services) = crate::testing::services::current() {
            let replacement = services.replacements.borrow().get();
            if let Some(make) = replacement {
                return MaybeFuture::Ready(Ok(make()));
            }
        }
        let parts = RequestParts::of(call);
        MaybeFuture::later(async move {
            let value = T::from_request(&parts).await;
            value.map_err(IntoErrorReply::into_error_reply)
        })
    }
}

impl RequestParts {
    /// Reads another argument, such as a [`State`](crate::State) or the
    /// [`Claims`](crate::Claims) of a token.
    ///
    /// A value that is read from parameters finds them only if
    /// [`declare`](crate::FromRequestAsync::declare) declares them. A body is empty.
    ///
    /// # Errors
    /// The reply to send instead of calling the handler.
    pub async fn extract<T: Extract<Mode>, Mode>(&self) -> Result<T, Reply> {
        T::extract(&mut self.call()).wait().await
    }
}
