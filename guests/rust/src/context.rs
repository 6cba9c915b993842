//! Values beyond a call: those of a request, which its hooks and its handler
//! share, and those of an app, which all of its instances share.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call_id::{CallId, REMEDY};
use crate::host::{global_context, local_context};
use crate::{Call, FromRequest, HttpError, Reply};

/// The values of the request in progress, which its hooks and its handler share.
/// They are gone with the request.
///
/// Take it as an argument of a handler or a hook, or make one with
/// [`current`](Self::current) or [`Request::local`](crate::Request::local). Each
/// method asks the host. It is valid until the handler or hook that took it returns;
/// afterwards every method returns an error. A value is anything that serde writes
/// as JSON. A key has 1 to 256 bytes and must not begin with `spikard.`, where the
/// host's own values are; keys and values of a request have at most 1 MiB together.
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
    /// The context of the request in progress.
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
        Err(refused(key, sentence))
    }

    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// Where the value is not a `T`, and after the call that took the context.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ContextError> {
        self.check(key)?;
        read(key, local_context::get(key))
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// Where the value cannot be JSON, and where the host refuses it: past a limit,
    /// for a key of its own, outside of a request, after the call that took the context.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), ContextError> {
        self.check(key)?;
        let text = write(key, value)?;
        local_context::set(key, Some(&text)).map_err(|sentence| refused(key, sentence))
    }

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// Where the host refuses the key, and after the call that took the context.
    pub fn remove(&self, key: &str) -> Result<(), ContextError> {
        self.check(key)?;
        local_context::set(key, None).map_err(|sentence| refused(key, sentence))
    }

    /// The claims of the JSON Web Token that the host has checked, where the route
    /// has a [`Jwt`](crate::Jwt) policy. [`Claims`] is the same as an argument.
    ///
    /// # Errors
    /// Where the claims are not a `T`, and after the call that took the context.
    pub fn jwt<T: DeserializeOwned>(&self) -> Result<Option<T>, ContextError> {
        self.get("spikard.jwt")
    }

    /// The name of the key that the client showed, where the route has an
    /// [`ApiKey`](crate::ApiKey) policy whose keys have names.
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

/// The values of the app, which all of its instances in one host share, in memory.
/// They are gone when the host stops.
///
/// It is taken and made as a [`LocalContext`] is, and may be kept. Keys and values of an app have at
/// most 16 MiB together. Each method but [`update`](Self::update) is one atomic step.
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
    /// The context of the app.
    #[must_use]
    pub fn current() -> Self {
        Self
    }

    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// Where the value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ContextError> {
        read(key, global_context::get(key))
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// Where the value cannot be JSON, and where the host refuses it, past a limit.
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), ContextError> {
        let text = write(key, value)?;
        global_context::set(key, Some(&text)).map_err(|sentence| refused(key, sentence))
    }

    /// Removes a key, if it is there.
    ///
    /// # Errors
    /// Where the host refuses the key.
    pub fn remove(&self, key: &str) -> Result<(), ContextError> {
        global_context::set(key, None).map_err(|sentence| refused(key, sentence))
    }

    /// Adds to the integer that a key holds, 0 where it holds nothing, and returns
    /// the sum.
    ///
    /// # Errors
    /// Where the value is not an integer, the sum does not fit in 64 bits, and
    /// where the host refuses it, past a limit.
    pub fn add(&self, key: &str, delta: i64) -> Result<i64, ContextError> {
        global_context::add(key, delta).map_err(|sentence| refused(key, sentence))
    }

    /// Sets a key to `value` if it is `expected` now, and says whether it was.
    /// `None` stands for a key that is not there.
    ///
    /// Values are compared as the JSON they were written as: a `HashMap`, which has
    /// no order of its own, may differ from itself. [`update`](Self::update) does
    /// not mind.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn swap<T: Serialize + ?Sized>(
        &self,
        key: &str,
        expected: Option<&T>,
        value: Option<&T>,
    ) -> Result<bool, ContextError> {
        let text = |value: Option<&T>| value.map(|value| write(key, value)).transpose();
        self.swap_texts(key, text(expected)?.as_deref(), text(value)?.as_deref())
    }

    /// Sets a key to what `change` makes of its value, again and again until no
    /// other instance has changed it meanwhile, and returns the new value. `None`
    /// stands for a key that is not there.
    ///
    /// # Errors
    /// Where the value is not a `T`, and as [`set`](Self::set).
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
        global_context::swap(key, expected, value).map_err(|sentence| refused(key, sentence))
    }
}

impl FromRequest for GlobalContext {
    fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
        Ok(Self)
    }
}

/// The claims of the JSON Web Token that the host has checked, as an argument of a
/// route with a [`Jwt`](crate::Jwt) policy. Claims that are not a `T` are refused
/// with status 401, as a token that lacks them.
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
                "the route takes `Claims` and no token was checked; give it a `Jwt` policy",
                "",
            )),
            Err(error) => {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                let detail = format!("the claims of the token do not fit: {cause}");
                Err(HttpError::new(401, detail)
                    .header("www-authenticate", "Bearer error=\"invalid_token\"")
                    .into())
            }
        }
    }
}

/// Why a value of a context could not be read or set.
#[derive(Debug)]
pub struct ContextError {
    key: String,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Refused(String),
    Read(serde_json::Error),
    Write(serde_json::Error),
}

impl ContextError {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.escape_debug();
        match &self.cause {
            Cause::Refused(sentence) => {
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
            Cause::Refused(_) => None,
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

fn refused(key: &str, sentence: String) -> ContextError {
    ContextError {
        key: key.to_owned(),
        cause: Cause::Refused(sentence),
    }
}
