//! Settings and secrets of the operator.

use serde::Serialize;

use crate::task::{block_on, perform};
use crate::{Content, OperationError};

#[derive(Serialize)]
struct Head<'a> {
    name: &'a str,
}

/// Returns a setting of the operator (the grant `config`), or `None` if it is not set.
///
/// ```
/// # use spikard_wasm_sdk::{HttpError, config, get};
/// #[get("/")]
/// fn greeting() -> Result<String, HttpError> {
///     Ok(config("greeting")?.unwrap_or_else(|| "hello".to_owned()))
/// }
/// ```
///
/// It takes no time, so there is no `async` twin.
///
/// # Errors
/// If there is no request in progress.
pub fn config(name: &str) -> Result<Option<String>, OperationError> {
    read("config.get", name)
}

/// Returns a secret that the operator has granted (the grant `secrets`), or `None`. Do not log it.
///
/// ```
/// # use spikard_wasm_sdk::{HttpError, get, http, secret};
/// #[get("/weather")]
/// async fn weather() -> Result<String, HttpError> {
///     let key = secret("weather-key")?.unwrap_or_default();
///     let reply = http::Client::new().get("https://example.com/weather").bearer_auth(key).send().await?;
///     Ok(reply.error_for_status()?.text().await?)
/// }
/// ```
///
/// It takes no time, so there is no `async` twin.
///
/// # Errors
/// If there is no request in progress.
pub fn secret(name: &str) -> Result<Option<String>, OperationError> {
    read("secret.get", name)
}

fn read(kind: &'static str, name: &str) -> Result<Option<String>, OperationError> {
    let completed = block_on(perform(kind, &Head { name }, Content::Empty))?;
    match completed.status {
        404 => Ok(None),
        _ => completed.into_text().map(Some),
    }
}
