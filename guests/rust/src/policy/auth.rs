//! Who may call: JSON Web Tokens and API keys, and the secrets they are checked with.

use std::fmt;

use serde::{Serialize, Serializer};

use super::values::{Text, texts};

/// A secret of a policy.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum Secret {
    /// Given by the operator; see [`named`](Self::named).
    #[doc(hidden)]
    Named { secret: Text },
    /// Part of the component; see [`text`](Self::text).
    #[doc(hidden)]
    Text(Text),
}

impl Secret {
    /// The secret that the operator gives under a name, with
    /// `serve --secret NAME=env:VARIABLE` or `--secret NAME=file:PATH`. The host
    /// does not start without it.
    pub fn named(name: impl Into<Text>) -> Self {
        Self::Named {
            secret: name.into(),
        }
    }

    /// A secret that is part of the component, where anyone who has the file can
    /// read it: for tests, and for keys that are public.
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

/// Lets in only who has a JSON Web Token (RFC 7519), as a bearer token: anyone else
/// gets status 401. Hooks and handlers get its [`Claims`](crate::Claims).
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
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    Secret(Secret),
    PublicKey(Secret),
}

impl Jwt {
    /// Tokens signed with HMAC and SHA-256.
    pub fn hs256(secret: impl Into<Secret>) -> Self {
        Self::with_secret([JwtAlgorithm::Hs256], secret)
    }

    /// Tokens signed with RSA (PKCS #1 v1.5) and SHA-256. The key is the public one,
    /// in PEM.
    pub fn rs256_pem(public_key: impl Into<Secret>) -> Self {
        Self::with_public_key([JwtAlgorithm::Rs256], public_key)
    }

    /// Tokens signed with ECDSA, P-256 and SHA-256. The key is the public one, in PEM.
    pub fn es256_pem(public_key: impl Into<Secret>) -> Self {
        Self::with_public_key([JwtAlgorithm::Es256], public_key)
    }

    /// Tokens signed with Ed25519. The key is the public one, in PEM.
    pub fn eddsa_pem(public_key: impl Into<Secret>) -> Self {
        Self::with_public_key([JwtAlgorithm::EdDsa], public_key)
    }

    /// Tokens signed with one of some algorithms that have a shared secret.
    pub fn with_secret(
        algorithms: impl IntoIterator<Item = JwtAlgorithm>,
        secret: impl Into<Secret>,
    ) -> Self {
        Self::new(algorithms, Key::Secret(secret.into()))
    }

    /// Tokens signed with one of some algorithms that have a public key, in PEM.
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
        }
    }

    /// Takes tokens for this audience (`aud`). Called again: or for that one.
    pub fn audience(mut self, audience: impl Into<Text>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Takes tokens of this issuer (`iss`). Called again: or of that one.
    pub fn issuer(mut self, issuer: impl Into<Text>) -> Self {
        self.issuer.push(issuer.into());
        self
    }

    /// How far the clocks may be apart, in seconds: 0 unless said.
    pub fn leeway(mut self, seconds: u64) -> Self {
        self.leeway = Some(seconds);
        self
    }

    /// The claims a token must have: `exp` unless said.
    pub fn required_claims(mut self, names: impl IntoIterator<Item = impl Into<Text>>) -> Self {
        self.required_claims = Some(texts(names));
        self
    }

    /// The realm that `www-authenticate` names.
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

/// Lets in only who shows one of some keys: anyone else gets status 401.
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
    header: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<Place>,
}

/// The name of what carries a key, or that nothing of its kind does.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Place {
    Name(Text),
    Nowhere,
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
    /// Keys without names.
    pub fn new(keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        Self::of(Keys::Unnamed(keys.into_iter().map(Into::into).collect()))
    }

    /// Keys with names, of which
    /// [`LocalContext::api_key`](crate::LocalContext::api_key) gives the one that
    /// fitted.
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

    /// The header that may carry the key: `x-api-key` unless said.
    pub fn header(mut self, name: impl Into<Text>) -> Self {
        self.header = Some(Place::Name(name.into()));
        self
    }

    /// No header carries the key.
    pub fn without_header(mut self) -> Self {
        self.header = Some(Place::Nowhere);
        self
    }

    /// The parameter of the query that may carry the key: `api_key` unless said.
    pub fn query(mut self, name: impl Into<Text>) -> Self {
        self.query = Some(Place::Name(name.into()));
        self
    }

    /// The query, which logs and browsers keep, does not carry the key.
    pub fn without_query(mut self) -> Self {
        self.query = Some(Place::Nowhere);
        self
    }

    /// The cookie that may carry the key: none unless said.
    pub fn cookie(mut self, name: impl Into<Text>) -> Self {
        self.cookie = Some(Place::Name(name.into()));
        self
    }
}
