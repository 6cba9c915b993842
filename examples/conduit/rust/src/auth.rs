//! Tokens: `Authorization: Token JWT`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use spikard_wasm_sdk::{Call, FromRequest, LocalContext, Reply, Request, jwt};

use crate::errors::Error;

/// Returns the key of tokens, which the app knows only by its name.
fn key() -> jwt::Key {
    jwt::Key::secret("jwt").expires_in(Duration::from_hours(60 * 24))
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
}

/// Returns a token for a user. It has the id, so it stays valid when the user's name changes.
pub async fn issue_token(id: i64) -> Result<String, Error> {
    let claims = Claims {
        sub: id.to_string(),
    };
    Ok(jwt::sign(&key(), &claims).await?)
}

/// Returns the id of the user who sent a request, or `None` if it has no token.
pub async fn viewer(request: &Request) -> Result<Option<i64>, Error> {
    let header = request.header("authorization").unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or((&header, ""));
    match (scheme, token) {
        ("" | "Token", "") => return Ok(None),
        ("Token", _) => {}
        _ => return Err(Error::Rejected(401, "token", "is not a Conduit token")),
    }
    let invalid = Error::Rejected(401, "token", "is invalid");
    match jwt::verify::<Claims>(&key(), token).await {
        Ok(claims) => claims.sub.parse().map(Some).map_err(|_| invalid),
        Err(error) if error.code() == "invalid-token" => Err(invalid),
        Err(error) => Err(error.into()),
    }
}

/// A hook of routes that need a user. It checks the token before the host checks the body.
pub async fn require_user(request: Request, local: LocalContext) -> Result<(), Error> {
    let user = viewer(&request).await?;
    let user = user.ok_or(Error::Rejected(401, "token", "is missing"))?;
    Ok(local.set("user", &user)?)
}

/// The id of the user, on a route with [`require_user`].
pub struct CurrentUser(pub i64);

impl FromRequest for CurrentUser {
    fn from_request(_: &mut Call<'_>) -> Result<Self, Reply> {
        let user = LocalContext::current().get("user");
        match user {
            Ok(Some(user)) => Ok(Self(user)),
            _ => Err(Reply::failure(
                "the route lacks the hook `require_user`",
                "",
            )),
        }
    }
}
