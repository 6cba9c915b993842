//! JSON Web Tokens. The host signs and verifies them.
//!
//! A [`Jwt`](crate::Jwt) policy verifies tokens before the handler runs. This module is for an app
//! that issues tokens, or verifies them itself.
//!
//! ```
//! use std::time::Duration;
//! use serde::{Deserialize, Serialize};
//! use spikard_wasm_sdk::{HttpError, jwt};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Claims {
//!     sub: String,
//! }
//!
//! # async fn example() -> Result<(), HttpError> {
//! let key = jwt::Key::secret("jwt").expires_in(Duration::from_secs(3600));
//! let token = jwt::sign(&key, &Claims { sub: "ann".to_owned() }).await?;
//! let claims: Claims = jwt::verify(&key, &token).await?;
//! # Ok(())
//! # }
//! ```

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::task::perform;
use crate::{Content, JwtAlgorithm, OperationError};

/// A key with its algorithm, and the rules for tokens.
#[derive(Clone, Debug, Serialize)]
#[must_use = "a key does nothing until you sign or verify with it"]
pub struct Key {
    algorithm: JwtAlgorithm,
    #[serde(flatten)]
    source: Source,
    #[serde(skip)]
    expires_in: Option<u64>,
    #[serde(skip)]
    rules: Rules,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Secret(Cow<'static, str>),
    Key(Cow<'static, str>),
}

#[derive(Clone, Debug, Default, Serialize)]
struct Rules {
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leeway: Option<u64>,
}

#[derive(Serialize)]
struct SignHead<'a> {
    #[serde(flatten)]
    key: &'a Key,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
}

#[derive(Serialize)]
struct VerifyHead<'a> {
    #[serde(flatten)]
    key: &'a Key,
    #[serde(flatten)]
    rules: &'a Rules,
}

impl Key {
    /// Returns the secret that the operator has granted by this name, for HS256. Its value does not
    /// enter the app.
    pub fn secret(name: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Source::Secret(name.into()))
    }

    /// Returns a key that the app knows, for HS256: the text of the secret, or a PEM document for
    /// the algorithms with public keys.
    pub fn text(key: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Source::Key(key.into()))
    }

    fn of(source: Source) -> Self {
        Self {
            algorithm: JwtAlgorithm::Hs256,
            source,
            expires_in: None,
            rules: Rules::default(),
        }
    }

    /// Sets the algorithm.
    pub fn algorithm(mut self, algorithm: JwtAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Adds the claims `iat` (now) and `exp` to tokens that are signed.
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time.as_secs());
        self
    }

    /// Accepts only tokens of this issuer (the claim `iss`).
    pub fn issuer(mut self, issuer: impl Into<Cow<'static, str>>) -> Self {
        self.rules.issuer = Some(issuer.into());
        self
    }

    /// Accepts only tokens for this audience (the claim `aud`).
    pub fn audience(mut self, audience: impl Into<Cow<'static, str>>) -> Self {
        self.rules.audience = Some(audience.into());
        self
    }

    /// Accepts tokens this long after they have expired or before they are valid.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = Some(leeway.as_secs());
        self
    }
}

/// Signs claims, and returns the token.
///
/// # Errors
/// If the claims cannot be a JSON object, or the secret is not granted.
pub async fn sign<T: Serialize + ?Sized>(key: &Key, claims: &T) -> Result<String, OperationError> {
    let claims = serde_json::to_string(claims)
        .map_err(|error| OperationError::new("invalid", error.to_string()))?;
    let head = SignHead {
        key,
        expires_in: key.expires_in,
    };
    let completed = perform("jwt.sign", &head, Content::Json(claims)).await?;
    completed.into_text()
}

/// Verifies a token, and returns its claims.
///
/// # Errors
/// If the token is not valid (code `invalid-token`, see [`OperationError::reason`]), if its claims
/// are not a `T` (code `conversion`), or if the secret is not granted.
pub async fn verify<T: DeserializeOwned>(key: &Key, token: &str) -> Result<T, OperationError> {
    let head = VerifyHead {
        key,
        rules: &key.rules,
    };
    let body = Content::Text(token.to_owned());
    let claims = perform("jwt.verify", &head, body).await?.into_text()?;
    serde_json::from_str(&claims)
        .map_err(|error| OperationError::conversion(format!("the claims do not fit: {error}")))
}
