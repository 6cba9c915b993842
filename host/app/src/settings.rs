//! Limits and policies, declared by an app or a route as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::hooks::HookKind;
use crate::isolation::Isolation;
use crate::openapi::OpenApiSettings;
use crate::overrides::RouteOverride;
use crate::policy::{
    ApiKeysSpec, Compression, CorsSpec, JwtSpec, PolicySpecs, RateLimitSpec, RequestIdPolicy,
    Secrets, SecurityHeaders, StaticSpec, Switch,
};
use crate::slash::TrailingSlash;

/// What the member `settings` of an app or a route may hold. A member that is
/// not here is an error, since a policy that is declared must be enforced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The longest request body, in bytes.
    pub body_limit: Option<u64>,
    /// The longest a call may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The status of a call that ran past its deadline: 504, or 408.
    pub timeout_status: Option<u16>,
    /// Whether requests share instances.
    pub instances: Option<Isolation>,
    /// The kinds of hooks there are, beside those of the app.
    #[serde(default)]
    pub hooks: Vec<HookKind>,
    /// The body crosses as bytes, whatever its content type.
    pub raw_body: Option<bool>,
    /// What becomes of a path with a slash too many or too few at its end.
    pub trailing_slash: Option<TrailingSlash>,
    /// A line about the route, for people.
    pub summary: Option<String>,
    /// More about the route, for people.
    pub description: Option<String>,
    /// Words that group routes, for people.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whose id a request has, and in which header.
    pub request_id: Option<Switch<RequestIdPolicy>>,
    /// How often it may be asked.
    pub rate_limit: Option<Switch<RateLimitSpec>>,
    /// Which pages of other origins may ask.
    pub cors: Option<Switch<CorsSpec>>,
    /// How replies are compressed.
    pub compression: Option<Switch<Compression>>,
    /// Whose tokens are let in.
    pub jwt: Option<Switch<JwtSpec>>,
    /// Which API keys are let in.
    pub api_key: Option<Switch<ApiKeysSpec>>,
    /// What replies tell browsers not to do.
    pub security_headers: Option<Switch<SecurityHeaders>>,
    /// The folders of files that are served; only of an app.
    pub r#static: Option<Vec<StaticSpec>>,
    /// The route will go away, which its OpenAPI operation says; of a route alone.
    pub deprecated: Option<bool>,
    /// The OpenAPI document and its viewer; of the app alone.
    pub openapi: Option<OpenApiSettings>,
}

impl Settings {
    /// Reads settings; an empty text declares none.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text)
    }

    /// The policies among them.
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

/// What holds where neither the route nor the app says otherwise.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The longest request body, in bytes.
    pub body_limit: u64,
    /// The longest a call may take.
    pub timeout: Duration,
    /// Whether requests share instances.
    pub isolation: Isolation,
    /// The secrets that declarations name.
    pub secrets: Secrets,
    /// What goes before the component's own word, by the names of routes.
    pub routes: BTreeMap<String, RouteOverride>,
}

impl Defaults {
    /// The most a component may ask for itself: the host holds a body in memory,
    /// so a component alone must not decide how much of it. An operator's own
    /// default may be higher.
    pub const MAX_BODY_LIMIT: u64 = 1 << 30;
    /// The longest deadline a component may ask for itself.
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
