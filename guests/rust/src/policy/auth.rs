//! Authentication policies: JSON Web Tokens and API keys, and their secrets.

use std::fmt;

use serde::{Serialize, Serializer};

use super::values::{Text, texts};

/// A secret of a policy.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Secret {
    /// A secret that the operator supplies; see [`named`](Self::named).
    #[doc(hidden)]
    Named { secret: Text },
    /// A secret in the component; see [`text`](Self::text).
    #[doc(hidden)]
    Text(Text),
}

impl Secret {
    /// Names a secret that the operator supplies with `serve --secret NAME=env:VARIABLE` or
    /// `--secret NAME=file:PATH`. The host does not start without it.
    pub fn named(name: impl Into<Text>) -> Self {
        Self::Named {
            secret: name.into(),
        }
    }

    /// Embeds a secret in the component, where anyone who has the file can read it. Use this for
    /// tests and for public keys only.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }
}

impl<T: Into<Text>> From<T> for Secret {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { secret } => write!(f, "Secret({secret})"),
            Self::Text(_) => f.write_str("Secret(..)"),
        }
    }
}

/// An algorithm that signs JSON Web Tokens (RFC 7518, section 3.1; RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "their names say what they are")]
pub enum JwtAlgorithm {
    Hs256,
    Hs384,
    Hs512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// Requires a JSON Web Token (RFC 7519) as a bearer token. Other clients get status 401. Hooks and
/// handlers can take the [`Claims`](crate::Claims) of the token.
///
/// ```
/// # use spikard_wasm_sdk::{App, Jwt, Secret};
/// let app = App::new("users").jwt(
///     Jwt::hs256(Secret::named("jwt"))
///         .issuer("https://issuer.example")
///         .audience("users")
///         .leeway(30),
/// );
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use = "a policy does nothing until an app or a route has it"]
pub struct Jwt {
    algorithms: Vec<JwtAlgorithm>,
    #[serde(flatten)]
    key: Key,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audience: Vec<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "one_or_many")]
    issuer: Vec<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leeway: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_claims: Option<Vec<Text>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<Text>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    Secret(Secret),
    PublicKey(Secret),
}

impl Jwt {
    /// Accepts tokens signed with HMAC and SHA-256.
    pub fn hs256(secret: impl Into<Secret>) -> Self {
        Self::with_secret([JwtAlgorithm::Hs256], secret)
    }

    /// Accepts tokens signed with RSA (PKCS #1 v1.5) and SHA-256. The public key is in PEM.
    pub fn rs256_pem(public_key: impl Into<Secret>) -> Self {
        Self::with_public_key([JwtAlgorithm::Rs256], public_key)
    }

    /// Accepts tokens signed with ECDSA, P-256 and SHA-256. The public key is in PEM.
    pub fn es256_pem(public_key: impl Into<Secret>) -> Self {
        Self::with_public_key([JwtAlgorithm::Es256], public_key)
    }

    /// Accepts tokens signed with Ed25519. The public key is in PEM.
    pub fn eddsa_pem(public_key: impl Into<Secret>) -> Self {
        Self::with_public_key([JwtAlgorithm::EdDsa], public_key)
    }

    /// Accepts tokens signed with one of the algorithms that use a shared secret.
    pub fn with_secret(
        algorithms: impl IntoIterator<Item = JwtAlgorithm>,
        secret: impl Into<Secret>,
    ) -> Self {
        Self::new(algorithms, Key::Secret(secret.into()))
    }

    /// Accepts tokens signed with one of the algorithms that use a public key, in PEM.
    pub fn with_public_key(
        algorithms: impl IntoIterator<Item = JwtAlgorithm>,
        public_key: impl Into<Secret>,
    ) -> Self {
        Self::new(algorithms, Key::PublicKey(public_key.into()))
    }

    fn new(algorithms: impl IntoIterator<Item = JwtAlgorithm>, key: Key) -> Self {
        Self {
            algorithms: algorithms.into_iter().collect(),
            key,
            audience: Vec::new(),
            issuer: Vec::new(),
            leeway: None,
            required_claims: None,
            realm: None,
            scheme: None,
            optional: false,
        }
    }

    /// Accepts tokens for an audience (`aud`). Call it again to accept another audience too.
    pub fn audience(mut self, audience: impl Into<Text>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Accepts tokens of an issuer (`iss`). Call it again to accept another issuer too.
    pub fn issuer(mut self, issuer: impl Into<Text>) -> Self {
        self.issuer.push(issuer.into());
        self
    }

    /// Sets the allowed clock difference, in seconds; 0 by default.
    pub fn leeway(mut self, seconds: u64) -> Self {
        self.leeway = Some(seconds);
        self
    }

    /// Sets the required claims; `exp` by default.
    pub fn required_claims(mut self, names: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        self.required_claims = Some(texts(names));
        self
    }

    /// Sets the scheme in the header `authorization`, such as `Token`; `Bearer` by default. Case does
    /// not matter.
    pub fn scheme(mut self, scheme: impl Into<Text>) -> Self {
        self.scheme = Some(scheme.into());
        self
    }

    /// Accepts requests without a token too. They have no claims: take an
    /// `Option<Claims<T>>`. A request with an invalid token gets status 401.
    ///
    /// ```
    /// # use spikard_wasm_sdk::{Claims, Jwt, Secret, get};
    /// # use serde::Deserialize;
    /// #[derive(Deserialize)]
    /// struct User { sub: String }
    ///
    /// #[get("/", jwt = Jwt::hs256(Secret::named("jwt")).optional())]
    /// fn home(claims: Option<Claims<User>>) -> String {
    ///     claims.map_or("Hello".to_owned(), |Claims(user)| format!("Hello {}", user.sub))
    /// }
    /// ```
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Sets the realm in the header `www-authenticate`.
    pub fn realm(mut self, realm: impl Into<Text>) -> Self {
        self.realm = Some(realm.into());
        self
    }
}

fn one_or_many<S: Serializer>(texts: &[Text], serializer: S) -> Result<S::Ok, S::Error> {
    match texts {
        [one] => serializer.serialize_str(one),
        many => many.serialize(serializer),
    }
}

/// Requires an API key. Other clients get status 401.
///
/// ```
/// # use spikard_wasm_sdk::{get, ApiKey, LocalContext, Secret};
/// #[get("/private", api_key = ApiKey::named([("demo", Secret::named("demo-key"))]))]
/// fn private(local: LocalContext) -> String {
///     local.api_key().unwrap_or_default()
/// }
/// ```
#[derive(Clone, Debug, Serialize)]
#[must_use = "a policy does nothing until an app or a route has it"]
pub struct ApiKey {
    keys: Keys,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<KeySource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<KeySource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<KeySource>,
}

/// The name of the header, query parameter or cookie that carries a key, or none.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum KeySource {
    Name(Text),
    Disabled,
}

#[derive(Clone, Debug)]
enum Keys {
    Unnamed(Vec<Secret>),
    Named(Vec<(Text, Secret)>),
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unnamed(keys) => keys.serialize(serializer),
            Self::Named(keys) => serializer.collect_map(keys.iter().map(|(name, key)| (name, key))),
        }
    }
}

impl ApiKey {
    /// Accepts keys without names.
    pub fn new(keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        Self::of(Keys::Unnamed(keys.into_iter().map(Into::into).collect()))
    }

    /// Accepts keys with names. [`LocalContext::api_key`](crate::LocalContext::api_key) returns the
    /// name of the client's key.
    pub fn named(keys: impl IntoIterator<Item = (impl Into<Text>, impl Into<Secret>)>) -> Self {
        let keys = keys.into_iter();
        Self::of(Keys::Named(
            keys.map(|(name, key)| (name.into(), key.into())).collect(),
        ))
    }

    fn of(keys: Keys) -> Self {
        Self {
            keys,
            header: None,
            query: None,
            cookie: None,
        }
    }

    /// Sets the header that may carry the key; `x-api-key` by default.
    pub fn header(mut self, name: impl Into<Text>) -> Self {
        self.header = Some(KeySource::Name(name.into()));
        self
    }

    /// Ignores keys in headers.
    pub fn without_header(mut self) -> Self {
        self.header = Some(KeySource::Disabled);
        self
    }

    /// Sets the query parameter that may carry the key; `api_key` by default.
    pub fn query(mut self, name: impl Into<Text>) -> Self {
        self.query = Some(KeySource::Name(name.into()));
        self
    }

    /// Ignores keys in the query, which logs and browser histories record.
    pub fn without_query(mut self) -> Self {
        self.query = Some(KeySource::Disabled);
        self
    }

    /// Sets the cookie that may carry the key; none by default.
    pub fn cookie(mut self, name: impl Into<Text>) -> Self {
        self.cookie = Some(KeySource::Name(name.into()));
        self
    }
}
