//! The trait of handler arguments, and the call that they are read from.

use crate::states::States;
use crate::{Body, Declaration, Reply};

/// One call of a route.
#[derive(Debug)]
pub struct Call<'a> {
    pub(crate) pattern: &'a str,
    pub(crate) params: &'a str,
    pub(crate) body: Body,
    pub(crate) states: &'a States,
}

impl Call<'_> {
    /// Returns the validated and coerced parameters as one JSON object, or an empty string if
    /// the route has none.
    #[must_use]
    pub fn params(&self) -> &str {
        self.params
    }

    /// Takes the body, leaving [`Body::Empty`].
    pub fn take_body(&mut self) -> Body {
        std::mem::replace(&mut self.body, Body::Empty)
    }
}

/// A type that a handler or hook can take as an argument.
///
/// An argument that has to wait, for example for a database, implements
/// [`FromRequestAsync`](crate::FromRequestAsync) instead. Implement this trait for a value that
/// several handlers need, such as the current user:
///
/// ```
/// use spikard_wasm_sdk::{Call, FromRequest, HttpError, Reply, Request};
///
/// struct User(String);
///
/// impl FromRequest for User {
///     fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
///         match Request::current().header("x-user") {
///             Some(name) => Ok(Self(name)),
///             None => Err(HttpError::new(401, "say who you are in `x-user`").into()),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    label = "not an argument a handler can take"
)]
pub trait FromRequest: Sized {
    /// Declares the parameters or the body that the value is read from.
    fn declare(declaration: &mut Declaration<'_>) {
        let _ = declaration;
    }

    /// Reads the value from a call.
    ///
    /// # Errors
    /// The reply to send instead of calling the handler.
    fn from_request(call: &mut Call<'_>) -> Result<Self, Reply>;
}

/// A type of body. `Option<T>` of such a type is an optional body.
#[diagnostic::on_unimplemented(
    message = "`Option<{Self}>` cannot be an argument of a handler",
    note = "`Option` is for bodies: `Option<Json<T>>`, `Option<Form<T>>`, `Option<String>`, `Option<Vec<u8>>`; an optional parameter is an `Option` field inside of `Query<T>`, `Headers<T>` or `Cookies<T>`"
)]
pub trait FromBody: FromRequest {}
