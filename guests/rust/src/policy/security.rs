//! Security schemes and requirements of the OpenAPI document.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::values::Text;

/// A security scheme of the OpenAPI document, for authentication in hooks or handlers. The policies
/// [`Jwt`](crate::Jwt) and [`ApiKey`](crate::ApiKey) need none.
///
/// ```
/// # use spikard_wasm_sdk::{App, OpenApi, SecurityScheme};
/// let session = SecurityScheme::cookie("session").description("Set by `POST /login`.");
/// let app = App::new("users")
///     .openapi(OpenApi::new().security_scheme("session", session))
///     .security(["session"]);
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
#[must_use = "it does nothing until you add it to an `OpenApi`"]
pub struct SecurityScheme(Map<String, Value>);

impl SecurityScheme {
    fn new(members: Value) -> Self {
        match members {
            Value::Object(members) => Self(members),
            _ => Self(Map::new()),
        }
    }

    /// Creates a scheme of the header `authorization`, such as `bearer`, `basic` or `Token`.
    pub fn http(scheme: impl Into<String>) -> Self {
        Self::new(json!({"type": "http", "scheme": scheme.into()}))
    }

    /// Creates the scheme `bearer` with tokens of a format, such as `JWT`.
    pub fn bearer(format: impl Into<String>) -> Self {
        Self::http("bearer").member("bearerFormat", format.into())
    }

    /// Creates a scheme of a key in a header.
    pub fn header(name: impl Into<String>) -> Self {
        Self::new(json!({"type": "apiKey", "in": "header", "name": name.into()}))
    }

    /// Creates a scheme of a key in a cookie.
    pub fn cookie(name: impl Into<String>) -> Self {
        Self::new(json!({"type": "apiKey", "in": "cookie", "name": name.into()}))
    }

    /// Creates a scheme of a key in the query.
    pub fn query(name: impl Into<String>) -> Self {
        Self::new(json!({"type": "apiKey", "in": "query", "name": name.into()}))
    }

    /// Creates a scheme of OpenID Connect, with the URL of its discovery document.
    pub fn open_id_connect(url: impl Into<String>) -> Self {
        Self::new(json!({"type": "openIdConnect", "openIdConnectUrl": url.into()}))
    }

    /// Creates a scheme of OAuth 2. `flows` is an OAuth Flows Object of OpenAPI 3.1.
    pub fn oauth2(flows: Value) -> Self {
        Self::new(json!({"type": "oauth2", "flows": flows}))
    }

    /// Sets the description, in Markdown (CommonMark).
    pub fn description(self, description: impl Into<String>) -> Self {
        self.member("description", description.into())
    }

    fn member(mut self, name: &str, value: String) -> Self {
        self.0.insert(name.to_owned(), Value::String(value));
        self
    }
}

/// The security schemes that a request needs at the same time. Of several requirements, one has to
/// be met.
///
/// ```
/// # use spikard_wasm_sdk::{Route, SecurityRequirement};
/// let requirement = SecurityRequirement::new("oauth").scope("write").and("session");
/// let route = Route::post("/posts", || "made").security([requirement]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[must_use = "it does nothing until an app, a router or a route has it"]
pub struct SecurityRequirement {
    schemes: BTreeMap<Text, Vec<Text>>,
    /// The scheme that was added last.
    #[serde(skip)]
    last: Text,
}

impl SecurityRequirement {
    /// Requires a scheme.
    pub fn new(scheme: impl Into<Text>) -> Self {
        Self::default().and(scheme)
    }

    /// Requires another scheme too.
    pub fn and(mut self, scheme: impl Into<Text>) -> Self {
        self.last = scheme.into();
        self.schemes.entry(self.last.clone()).or_default();
        self
    }

    /// Adds a scope or role of the scheme that was added last.
    pub fn scope(mut self, scope: impl Into<Text>) -> Self {
        let scopes = self.schemes.entry(self.last.clone()).or_default();
        scopes.push(scope.into());
        self
    }
}

impl<T: Into<Text>> From<T> for SecurityRequirement {
    fn from(scheme: T) -> Self {
        Self::new(scheme)
    }
}
