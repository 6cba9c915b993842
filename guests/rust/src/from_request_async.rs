//! The trait of arguments that have to wait.

use std::any::type_name;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::request_parts::RequestParts;
use crate::{Declaration, IntoErrorReply, LocalContext, Reply};

/// An argument of a handler or hook that has to wait, for example for the current user in a
/// database.
///
/// ```
/// use spikard_wasm_sdk::testing::TestClient;
/// use spikard_wasm_sdk::{
///     App, Database, FromRequestAsync, HttpError, Reply, RequestParts, State, get, params, routes,
/// };
///
/// struct User(String);
///
/// impl FromRequestAsync for User {
///     type Error = Reply;
///
///     async fn from_request(parts: &RequestParts) -> Result<Self, Reply> {
///         let State(database): State<Database> = parts.extract().await?;
///         let token = parts.request().header("x-token").unwrap_or_default();
///         let name = database.first_as("select name from users where token = $1", params![token]);
///         let name = name.await?.ok_or(HttpError::unauthorized("say who you are in `x-token`"))?;
///         Ok(Self(name))
///     }
/// }
///
/// #[get("/me")]
/// fn me(User(name): User) -> String {
///     name
/// }
///
/// let app = App::new("users").state(Database::new("main")).routes(routes![me]);
/// let client = TestClient::new(app).with_argument(|| User("Ann".to_owned()));
/// assert_eq!(client.get("/me").send().text(), "Ann");
/// ```
///
/// Arguments that do not wait are read first, then the others, in order. If several hooks and
/// handlers of a request take the argument, take it as [`Cached`] to read it only once.
pub trait FromRequestAsync: Sized + 'static {
    /// The error: [`Reply`], [`HttpError`](crate::HttpError) or another
    /// [`IntoErrorReply`]. Its reply is sent instead of calling the handler.
    type Error: IntoErrorReply;

    /// Declares the parameters that the value is read from. It cannot read the body.
    fn declare(declaration: &mut Declaration<'_>) {
        let _ = declaration;
    }

    /// Reads the value.
    ///
    /// # Errors
    /// The reply to send instead of calling the handler, as an error.
    fn from_request(parts: &RequestParts) -> impl Future<Output = Result<Self, Self::Error>>;
}

/// An argument that is read once in a request, for all hooks and handlers that take it.
///
/// The value is kept in the [`LocalContext`], as JSON. Errors are not kept.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use spikard_wasm_sdk::{App, Cached, FromRequestAsync, HttpError, RequestParts, Route};
/// #[derive(Serialize, Deserialize)]
/// struct User { id: i64, is_admin: bool }
///
/// impl FromRequestAsync for User {
///     # type Error = HttpError;
///     # async fn from_request(_: &RequestParts) -> Result<Self, HttpError> {
///     #     Ok(Self { id: 1, is_admin: true })
///     # }
///     // ...
/// }
///
/// fn require_admin(Cached(user): Cached<User>) -> Result<(), HttpError> {
///     if user.is_admin { Ok(()) } else { Err(HttpError::forbidden("you are not an admin")) }
/// }
///
/// let app = App::new("users")
///     .pre_handler(require_admin)
///     .route(Route::get("/me", |Cached(user): Cached<User>| format!("user {}", user.id)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cached<T>(pub T);

impl<T: FromRequestAsync + Serialize + DeserializeOwned> FromRequestAsync for Cached<T> {
    type Error = Reply;

    fn declare(declaration: &mut Declaration<'_>) {
        T::declare(declaration);
    }

    async fn from_request(parts: &RequestParts) -> Result<Self, Reply> {
        let local = LocalContext::current();
        let key = format!("cached:{}", type_name::<T>());
        if let Ok(Some(value)) = local.get(&key) {
            return Ok(Self(value));
        }
        let value: T = parts.extract().await?;
        // A value that the context does not accept is read again.
        let _ = local.set(&key, &value);
        Ok(Self(value))
    }
}
