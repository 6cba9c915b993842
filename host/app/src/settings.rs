//! Settings of apps and routes: limits and policies, declared as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::hooks::HookKind;
use crate::isolation::Isolation;
use crate::lifespan::Lifespan;
use crate::openapi::OpenApiSettings;
use crate::overrides::RouteOverride;
use crate::policy::{
    ApiKeysSpec, Compression, CorsSpec, JwtSpec, PolicySpecs, RateLimitSpec, RequestIdPolicy,
    Secrets, SecurityHeaders, StaticSpec, Switch,
};
use crate::trailing_slash::TrailingSlash;

/// The `settings` of an app or a route. An unknown member is an error, because the host
/// must enforce every declared policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The maximum size of a request body, in bytes.
    pub body_limit: Option<u64>,
    /// The maximum duration of a call, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The status of a call that exceeds its deadline: 504, or 408.
    pub timeout_status: Option<u16>,
    /// The isolation between requests.
    pub instances: Option<Isolation>,
    /// The declared hook kinds. A route adds to those of the app.
    #[serde(default)]
    pub hooks: Vec<HookKind>,
    /// True if the guest receives the body as bytes regardless of its content type.
    pub raw_body: Option<bool>,
    /// The trailing-slash policy; only for an app.
    pub trailing_slash: Option<TrailingSlash>,
    /// A one-line summary for the OpenAPI document.
    pub summary: Option<String>,
    /// A longer description for the OpenAPI document.
    pub description: Option<String>,
    /// Tags for the OpenAPI document. A route replaces those of the app.
    #[serde(default, deserialize_with = "present")]
    pub tags: Option<Vec<String>>,
    /// Request ids.
    pub request_id: Option<Switch<RequestIdPolicy>>,
    /// Rate limit.
    pub rate_limit: Option<Switch<RateLimitSpec>>,
    /// Cross-origin requests.
    pub cors: Option<Switch<CorsSpec>>,
    /// Compression of replies.
    pub compression: Option<Switch<Compression>>,
    /// Authentication by JSON Web Token.
    pub jwt: Option<Switch<JwtSpec>>,
    /// Authentication by API key.
    pub api_key: Option<Switch<ApiKeysSpec>>,
    /// Security headers of replies.
    pub security_headers: Option<Switch<SecurityHeaders>>,
    /// Static file mounts; only for an app.
    pub r#static: Option<Vec<StaticSpec>>,
    /// True if the OpenAPI document marks the route as deprecated; only for a route.
    pub deprecated: Option<bool>,
    /// The OpenAPI document and its viewer; only for an app.
    pub openapi: Option<OpenApiSettings>,
    /// The security requirements that hooks or handlers check: Security Requirement Objects for
    /// the OpenAPI document. A route replaces those of the app.
    #[serde(default, deserialize_with = "present")]
    pub security: Option<Vec<SecurityRequirement>>,
    /// The calls outside of requests; only for an app.
    pub lifespan: Option<Lifespan>,
    /// The settings that the app needs, a JSON Schema of an object; only for an app.
    pub config: Option<Value>,
    /// The names of the secrets that the app needs; only for an app.
    pub secrets: Option<Vec<String>>,
}

/// A Security Requirement Object: the scopes by the name of the scheme.
pub(crate) type SecurityRequirement = BTreeMap<String, Vec<String>>;

impl Settings {
    /// Parses settings. An empty text declares none.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text)
    }

    /// Parses the settings of a route.
    ///
    /// # Errors
    /// A clause about the route.
    pub(crate) fn parse_route(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| format!("its settings cannot be read: {error}"))
    }

    /// Returns the name of a setting that is only for an app, if there is one.
    pub(crate) fn first_of_app(&self) -> Option<&'static str> {
        let all = [
            ("openapi", self.openapi.is_some()),
            ("trailing_slash", self.trailing_slash.is_some()),
            ("static", self.r#static.is_some()),
            ("lifespan", self.lifespan.is_some()),
            ("config", self.config.is_some()),
            ("secrets", self.secrets.is_some()),
        ];
        let found = all.into_iter().find(|(_, is_set)| *is_set);
        found.map(|(name, _)| name)
    }

    /// Returns the declared policies.
    pub(crate) fn policies(&self) -> PolicySpecs<'_> {
        PolicySpecs {
            request_id: &self.request_id,
            rate_limit: &self.rate_limit,
            cors: &self.cors,
            compression: &self.compression,
            jwt: &self.jwt,
            api_key: &self.api_key,
            security_headers: &self.security_headers,
        }
    }
}

/// Deserializes an optional member that must not be `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// The operator's configuration: defaults, secrets and route overrides.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The default maximum size of a request body, in bytes.
    pub body_limit: u64,
    /// The default maximum duration of a call.
    pub timeout: Duration,
    /// The default isolation between requests.
    pub isolation: Isolation,
    /// The secrets that declarations can name.
    pub secrets: Secrets,
    /// Overrides of the component's declarations, by route name.
    pub routes: BTreeMap<String, RouteOverride>,
}

impl Defaults {
    /// The maximum `body_limit` that a component can declare. The host holds bodies in
    /// memory, so the component alone must not decide how much it uses. The operator's
    /// default can be higher.
    pub const MAX_BODY_LIMIT: u64 = 1 << 30;
    /// The maximum timeout that a component can declare.
    pub const MAX_TIMEOUT: Duration = Duration::from_secs(3600);
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            body_limit: 10 << 20,
            timeout: Duration::from_secs(30),
            isolation: Isolation::Reuse,
            secrets: Secrets::default(),
            routes: BTreeMap::new(),
        }
    }
}
