//! Contexts: values that the hooks and the handler of a request share, and values that all
//! instances of an app share.
//!
//! The host stores each value as JSON text. Every method asks the host, so an object of this
//! module holds no values itself.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call_id::{CallId, REMEDY};
use crate::host::{global_context, local_context};
use crate::{Call, FromRequest, HttpError, Reply};

/// Values that the hooks and the handler of a request share. The host drops them when the
/// request ends.
///
/// Take the context as an argument of a handler or hook, or get it from
/// [`current`](Self::current) or [`Request::local`](crate::Request::local). It is valid until
/// the handler or hook that took it returns; afterwards every method returns an error. A
/// value is anything that serde can write as JSON. A key has 1 to 256 bytes and must not
/// begin with `spikard.`, which is reserved for the host. The keys and values of a request
/// may have 1 MiB in total.
///
/// ```
/// # use spikard_wasm_sdk::{get, App, HttpError, LocalContext, Request, routes};
/// # use std::error::Error;
/// fn sign_in(request: Request, local: LocalContext) -> Result<(), Box<dyn Error>> {
///     let user = request.header("x-user").ok_or(HttpError::new(401, "say who you are"))?;
///     Ok(local.set("user", &user)?)
/// }
///
/// #[get("/me")]
/// fn me(local: LocalContext) -> Result<String, Box<dyn Error>> {
///     Ok(local.get("user")?.unwrap_or_default())
/// }
///
/// let app = App::new("users").pre_handler(sign_in).routes(routes![me]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LocalContext {
    call: CallId,
}

impl Default for LocalContext {
    fn default() -> Self {
        Self::current()
    }
}

impl LocalContext {
    /// Returns the context of the request in progress.
    #[must_use]
    pub fn current() -> Self {
        Self::of(CallId::current())
    }

    pub(crate) fn of(call: CallId) -> Self {
        Self { call }
    }

    fn check(self, key: &str) -> Result<(), ContextError> {
        if self.call.is_current() {
            return Ok(());
        }
        let sentence = format!("the call that took the `LocalContext` has ended; {REMEDY}");
        Err(rejected(key, sentence))
    }

    /// Returns the value of a key, or `None` if the key is missing.
    ///
    /// # Errors
    /// If the value is not a `T`, or the call that took the context has ended.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ContextError> {
        self.check(key)?;
        read(key, local_context::get(key))
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// If the value cannot be JSON, if it exceeds a limit, if the key is reserved for the
    /// host, if no request is in progress, or if the call that took the context has ended.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), ContextError> {
        self.check(key)?;
        let text = write(key, value)?;
        local_context::set(key, Some(&text)).map_err(|sentence| rejected(key, sentence))
    }

    /// Removes a key if it exists.
    ///
    /// # Errors
    /// If the host rejects the key, or the call that took the context has ended.
    pub fn remove(&self, key: &str) -> Result<(), ContextError> {
        self.check(key)?;
        local_context::set(key, None).map_err(|sentence| rejected(key, sentence))
    }

    /// Returns the claims of the JSON Web Token that the host has verified, or `None` if the
    /// route has no [`Jwt`](crate::Jwt) policy. Take [`Claims`] to get them as an argument.
    ///
    /// # Errors
    /// If the claims are not a `T`, or the call that took the context has ended.
    pub fn jwt<T: DeserializeOwned>(&self) -> Result<Option<T>, ContextError> {
        self.get("spikard.jwt")
    }

    /// Returns the name of the client's API key, or `None` if the route has no
    /// [`ApiKey`](crate::ApiKey) policy with named keys.
    #[must_use]
    pub fn api_key(&self) -> Option<String> {
        self.get("spikard.api-key").ok().flatten()
    }
}

impl FromRequest for LocalContext {
    fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
        Ok(Self::current())
    }
}

/// Values that all instances of the app in one host share, in memory. The host drops them
/// when it stops.
///
/// Take the context as an argument of a handler or hook, or get it from
/// [`current`](Self::current) or [`Request::globals`](crate::Request::globals). It stays valid
/// after the call. The keys and values of an app may have 16 MiB in total. Every method except
/// [`update`](Self::update) is atomic.
///
/// ```
/// # use spikard_wasm_sdk::{get, ContextError, GlobalContext};
/// #[get("/visits")]
/// fn visits(global: GlobalContext) -> Result<String, ContextError> {
///     Ok(format!("visit {}", global.add("visits", 1)?))
/// }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct GlobalContext;

impl GlobalContext {
    /// Returns the context of the app.
    #[must_use]
    pub fn current() -> Self {
        Self
    }

    /// Returns the value of a key, or `None` if the key is missing.
    ///
    /// # Errors
    /// If the value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ContextError> {
        read(key, global_context::get(key))
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// If the value cannot be JSON or exceeds a limit.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), ContextError> {
        let text = write(key, value)?;
        global_context::set(key, Some(&text)).map_err(|sentence| rejected(key, sentence))
    }

    /// Removes a key if it exists.
    ///
    /// # Errors
    /// If the host rejects the key.
    pub fn remove(&self, key: &str) -> Result<(), ContextError> {
        global_context::set(key, None).map_err(|sentence| rejected(key, sentence))
    }

    /// Adds to the integer of a key and returns the sum. A missing key counts as 0.
    ///
    /// # Errors
    /// If the value is not an integer, the sum does not fit in 64 bits, or the value exceeds a
    /// limit.
    pub fn add(&self, key: &str, delta: i64) -> Result<i64, ContextError> {
        global_context::add(key, delta).map_err(|sentence| rejected(key, sentence))
    }

    /// Sets a key to `value` if its current value is `expected`, and returns true if it did.
    /// `None` stands for a missing key.
    ///
    /// The host compares values as JSON text, so an equal `HashMap` in another order does not
    /// match. [`update`](Self::update) works with such values.
    ///
    /// # Errors
    /// If a value cannot be JSON or exceeds a limit.
    pub fn swap<T: Serialize + ?Sized>(
        &self,
        key: &str,
        expected: Option<&T>,
        value: Option<&T>,
    ) -> Result<bool, ContextError> {
        let text = |value: Option<&T>| value.map(|value| write(key, value)).transpose();
        self.swap_texts(key, text(expected)?.as_deref(), text(value)?.as_deref())
    }

    /// Replaces the value of a key by the result of `change`, and returns the new value.
    /// Calls `change` again if another instance has changed the value meanwhile. `None` stands
    /// for a missing key.
    ///
    /// # Errors
    /// If the current value is not a `T`, or the new value cannot be JSON or exceeds a limit.
    pub fn update<T: Serialize + DeserializeOwned>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<T>) -> Option<T>,
    ) -> Result<Option<T>, ContextError> {
        loop {
            let before = global_context::get(key);
            let value = change(read(key, before.clone())?);
            let after = value.as_ref().map(|value| write(key, value)).transpose()?;
            if self.swap_texts(key, before.as_deref(), after.as_deref())? {
                return Ok(value);
            }
        }
    }

    fn swap_texts(
        &self,
        key: &str,
        expected: Option<&str>,
        value: Option<&str>,
    ) -> Result<bool, ContextError> {
        global_context::swap(key, expected, value).map_err(|sentence| rejected(key, sentence))
    }
}

impl FromRequest for GlobalContext {
    fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
        Ok(Self)
    }
}

/// The claims of the JSON Web Token that the host has verified, as an argument of a route
/// with a [`Jwt`](crate::Jwt) policy. The client gets status 401 if the claims are not a `T`.
///
/// ```
/// # use spikard_wasm_sdk::{get, Claims, Jwt, Secret};
/// # use serde::Deserialize;
/// #[derive(Deserialize)]
/// struct User { sub: String }
///
/// #[get("/me", jwt = Jwt::hs256(Secret::named("jwt")))]
/// fn me(Claims(user): Claims<User>) -> String {
///     user.sub
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Claims<T> {
    fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
        match LocalContext::current().jwt() {
            Ok(Some(claims)) => Ok(Self(claims)),
            Ok(None) => Err(Reply::failure(
                "the route takes `Claims` and no token was checked; give it a `Jwt` policy, or take an `Option` of the claims if the policy is optional",
                "",
            )),
            Err(error) => Err(misfit(&error)),
        }
    }
}

/// The claims of a route whose [`Jwt`](crate::Jwt) policy is optional.
impl<T: DeserializeOwned> FromRequest for Option<Claims<T>> {
    fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
        match LocalContext::current().jwt() {
            Ok(claims) => Ok(claims.map(Claims)),
            Err(error) => Err(misfit(&error)),
        }
    }
}

/// Returns the reply to a token whose claims do not have the type that the app wants.
fn misfit(error: &ContextError) -> Reply {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    let detail = format!("the claims of the token do not fit: {cause}");
    HttpError::new(401, detail)
        .header("www-authenticate", "Bearer error=\"invalid_token\"")
        .into()
}

/// An error of a context: a value could not be read or set.
#[derive(Debug)]
pub struct ContextError {
    key: String,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Rejected(String),
    Read(serde_json::Error),
    Write(serde_json::Error),
}

impl ContextError {
    /// Returns the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.escape_debug();
        match &self.cause {
            Cause::Rejected(sentence) => {
                write!(f, "`{key}` of the context was refused: {sentence}")
            }
            Cause::Read(error) => {
                write!(
                    f,
                    "`{key}` of the context is not of the type asked for: {error}"
                )
            }
            Cause::Write(error) => write!(
                f,
                "`{key}` of the context cannot be written as JSON: {error}"
            ),
        }
    }
}

impl Error for ContextError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Rejected(_) => None,
            Cause::Read(error) | Cause::Write(error) => Some(error),
        }
    }
}

fn read<T: DeserializeOwned>(key: &str, text: Option<String>) -> Result<Option<T>, ContextError> {
    let value = text.map(|text| serde_json::from_str(&text)).transpose();
    value.map_err(|error| ContextError {
        key: key.to_owned(),
        cause: Cause::Read(error),
    })
}

fn write<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<String, ContextError> {
    serde_json::to_string(value).map_err(|error| ContextError {
        key: key.to_owned(),
        cause: Cause::Write(error),
    })
}

fn rejected(key: &str, sentence: String) -> ContextError {
    ContextError {
        key: key.to_owned(),
        cause: Cause::Rejected(sentence),
    }
}
