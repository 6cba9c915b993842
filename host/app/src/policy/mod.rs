//! Policies: the rules that the host enforces for a route besides its contract.
//!
//! The settings of an app or a route declare policies, and the host validates them at load
//! time. Each policy has a module with its declaration (serde), its load-time checks, and
//! the logic that needs no HTTP library. A route's declaration replaces the app's
//! declaration of the same policy; `false` turns the policy off.

mod api_key;
mod compression;
mod cors;

mod header;
mod jwt;
mod jwt_claims;
mod jwt_key;
#[cfg(test)]
mod jwt_tests;
mod rate_limit;
mod request_id;
mod secret;
mod security_headers;
mod static_files;
mod switch;

use std::net::IpAddr;
use std::sync::Arc;

pub use self::api_key::{ApiKeys, ApiKeysSpec};
pub use self::compression::{Algorithm, Coding, Compression};
pub use self::cors::{Cors, CorsSpec, Headers, Preflight};

pub use self::jwt::{Jwt, JwtSpec};

pub use self::rate_limit::{RateLimit, RateLimitSpec, RateState};
pub use self::request_id::RequestIdPolicy;
pub use self::secret::{Secret, Secrets};
pub use self::security_headers::SecurityHeaders;
pub use self::static_files::{StaticMount, StaticSpec};
pub(crate) use self::switch::resolve;
pub use self::switch::{OneOrMany, Switch};

use crate::params::RequestHead;
use crate::refusal::Refusal;

/// The policies of a route, or of an app for requests that match no route.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// Request ids.
    pub request_id: Option<Arc<RequestIdPolicy>>,
    /// Rate limit.
    pub rate_limit: Option<Arc<RateLimit>>,
    /// Cross-origin requests.
    pub cors: Option<Arc<Cors>>,
    /// Compression of replies.
    pub compression: Option<Arc<Compression>>,
    /// Authentication by JSON Web Token.
    pub jwt: Option<Arc<Jwt>>,
    /// Authentication by API key.
    pub api_keys: Option<Arc<ApiKeys>>,
    /// Security headers of replies.
    pub security_headers: Option<Arc<SecurityHeaders>>,
}

/// The policies that the settings of an app or a route declare.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PolicySpecs<'s> {
    pub(crate) request_id: &'s Option<Switch<RequestIdPolicy>>,
    pub(crate) rate_limit: &'s Option<Switch<RateLimitSpec>>,
    pub(crate) cors: &'s Option<Switch<CorsSpec>>,
    pub(crate) compression: &'s Option<Switch<Compression>>,
    pub(crate) jwt: &'s Option<Switch<JwtSpec>>,
    pub(crate) api_key: &'s Option<Switch<ApiKeysSpec>>,
    pub(crate) security_headers: &'s Option<Switch<SecurityHeaders>>,
}

/// The values that the admission of a request produces.
#[derive(Debug, Default)]
pub struct AdmissionRecord {
    /// The state of the rate limit, also for a rejected request.
    pub rate: Option<RateState>,
    /// Entries for the request's local context: keys and JSON texts.
    pub local: Vec<(&'static str, String)>,
}

impl Policies {
    /// Checks the declared policies. A policy that is not declared is inherited from
    /// `outer`.
    ///
    /// # Errors
    /// A clause that names the invalid member, to follow "its".
    pub(crate) fn check(
        specs: PolicySpecs<'_>,
        outer: &Self,
        secrets: &Secrets,
        app: &str,
    ) -> Result<Self, String> {
        Ok(Self {
            request_id: member("request_id", specs.request_id, &outer.request_id, |spec| {
                spec.check()
            })?,
            rate_limit: member(
                "rate_limit",
                specs.rate_limit,
                &outer.rate_limit,
                RateLimit::new,
            )?,
            cors: member("cors", specs.cors, &outer.cors, Cors::new)?,
            compression: member(
                "compression",
                specs.compression,
                &outer.compression,
                |spec| spec.check(),
            )?,
            jwt: member("jwt", specs.jwt, &outer.jwt, |spec| {
                Jwt::new(spec, secrets, app)
            })?,
            api_keys: member("api_key", specs.api_key, &outer.api_keys, |spec| {
                ApiKeys::new(spec, secrets, app)
            })?,
            security_headers: member(
                "security_headers",
                specs.security_headers,
                &outer.security_headers,
                |spec| spec.check(),
            )?,
        })
    }

    /// Returns true if there are no policies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request_id.is_none()
            && self.rate_limit.is_none()
            && self.cors.is_none()
            && self.compression.is_none()
            && self.jwt.is_none()
            && self.api_keys.is_none()
            && self.security_headers.is_none()
    }

    /// Admits a request. Checks the rate limit before the credentials, to slow down
    /// guessing of credentials.
    ///
    /// # Errors
    /// 429, 401, or 403 for a valid token that lacks a required claim of the app.
    pub fn admit(
        &self,
        head: &impl RequestHead,
        peer: IpAddr,
        route: u32,
        admitted: &mut AdmissionRecord,
    ) -> Result<(), Refusal> {
        if let Some(limit) = &self.rate_limit {
            let (state, outcome) = limit.take(head, peer, route);
            admitted.rate = Some(state);
            outcome?;
        }
        if let Some(jwt) = &self.jwt {
            let claims = jwt.check(head)?;
            let claims = claims.map(|claims| (Jwt::CONTEXT, claims));
            admitted.local.extend(claims);
        }
        if let Some(keys) = &self.api_keys
            && let Some(name) = keys.check(head)?
        {
            admitted.local.push((ApiKeys::CONTEXT, name));
        }
        Ok(())
    }
}

/// Resolves and checks one policy. Routes that inherit a policy share its state.
fn member<S, T>(
    name: &str,
    declared: &Option<Switch<S>>,
    outer: &Option<Arc<T>>,
    check: impl FnOnce(&S) -> Result<T, String>,
) -> Result<Option<Arc<T>>, String> {
    let inherited = outer.clone().map(Ok);
    let enable = |spec| match check(spec) {
        Ok(checked) => Ok(Arc::new(checked)),
        Err(reason) => Err(format!("`{name}` {reason}")),
    };
    resolve(declared, inherited, enable).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{App, AppError, Defaults, Description, Method, RouteDescription};
    use serde_json::{Value, json};

    /// The head of a request: its query and its headers.
    pub(crate) struct Head(
        pub(crate) &'static str,
        pub(crate) Vec<(&'static str, &'static [u8])>,
    );

    impl RequestHead for Head {
        fn query(&self) -> &str {
            self.0
        }
        fn header(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
            self.1
                .iter()
                .filter(|(known, _)| *known == name)
                .for_each(|(_, value)| each(value));
        }
    }

    fn app(settings: Value, routes: &[Value]) -> Result<App, AppError> {
        let routes = routes.iter().enumerate().map(|(index, settings)| {
            let mut route = RouteDescription::new(Method::Get, format!("/{index}"));
            route.settings = settings.to_string();
            route
        });
        let description = Description {
            name: "shop".into(),
            settings: settings.to_string(),
            routes: routes.collect(),
            ..Description::default()
        };
        let secrets = Secrets::from_iter([("known".to_owned(), b"s".to_vec())]);
        let defaults = Defaults {
            secrets,
            ..Defaults::default()
        };
        App::new(&description, &defaults)
    }

    #[test]
    fn a_route_replaces_or_turns_off_what_the_app_declares() {
        let settings = json!({"request_id": true, "api_key": {"keys": ["app"]},
            "rate_limit": {"requests": 1, "per": "hour"}});
        let routes = [
            json!({}),
            json!({"request_id": false, "rate_limit": false, "api_key": false}),
            json!({"api_key": {"keys": [{"secret": "known"}]}, "security_headers": true}),
        ];
        let app = app(settings, &routes).unwrap();
        assert!(app.routes()[1].policies().is_none());
        let policies = |index: usize| app.routes()[index].policies().unwrap();
        assert!(policies(0).request_id.is_some());
        assert!(policies(2).security_headers.is_some());
        // Routes that inherit the rate limit share its buckets.
        let shared = |index: usize| policies(index).rate_limit.clone().unwrap();
        assert!(Arc::ptr_eq(&shared(0), &shared(2)));
        let peer = "10.0.0.1".parse().unwrap();
        let admit = |index: usize, key: &'static [u8]| {
            let head = Head("", vec![("x-api-key", key)]);
            let mut admitted = AdmissionRecord::default();
            let outcome = policies(index).admit(&head, peer, index as u32, &mut admitted);
            (
                outcome.map_err(|refusal| refusal.status()),
                admitted.rate.map(|rate| rate.remaining),
            )
        };
        // A request with a wrong key counts, too.
        assert_eq!(admit(0, b"s"), (Err(401), Some(0)));
        assert_eq!(admit(2, b"s"), (Err(429), Some(0)));
        let outer = app.policies().unwrap();
        assert!(Arc::ptr_eq(&shared(0), outer.rate_limit.as_ref().unwrap()));
    }

    #[test]
    fn a_preflight_finds_the_route_that_the_request_will() {
        let about = |policy: &str, method, path: &str| {
            let app = app(json!({"trailing_slash": policy}), &[json!({})]).unwrap();
            let about = app.about(method, path);
            about.map(|(route, allow)| (route.is_some(), allow.to_owned()))
        };
        let allow = "GET, HEAD, OPTIONS".to_owned();
        assert_eq!(about("strict", "GET", "/0"), Some((true, allow.clone())));
        assert_eq!(about("strict", "HEAD", "/%30"), Some((true, allow.clone())));
        assert_eq!(about("strict", "PUT", "/0"), Some((false, allow.clone())));
        assert_eq!(about("strict", "\u{e9}", "/1"), None);
        assert_eq!(about("strict", "GET", "/0/"), None);
        for policy in ["ignore", "redirect"] {
            assert_eq!(about(policy, "GET", "/0/"), Some((true, allow.clone())));
            assert_eq!(about(policy, "GET", "/1/"), None);
        }
    }

    #[test]
    fn says_where_a_declaration_is_wrong() {
        let error = |settings, route| app(settings, &[route]).unwrap_err().to_string();
        let zero = json!({"rate_limit": {"requests": 0, "per": "hour"}});
        assert_eq!(
            error(zero.clone(), json!({})),
            "the app cannot be served: its `rate_limit` has `requests` `0`, which is not between 1 and 1000000"
        );
        assert_eq!(
            error(json!({}), zero),
            "route `GET /0` cannot be served: its `rate_limit` has `requests` `0`, which is not between 1 and 1000000"
        );
        let missing = error(json!({}), json!({"jwt": {"secret": {"secret": "nowhere"}}}));
        assert!(
            missing.contains("--secret nowhere=env:VARIABLE"),
            "{missing}"
        );
        let misspelt = error(json!({}), json!({"cors": {"origin": "*"}}));
        assert!(misspelt.contains("unknown field `origin`"), "{misspelt}");
        let bare = error(json!({}), json!({"cors": true}));
        assert!(bare.contains("declare `origins`"), "{bare}");
        let files = json!({"static": [{"prefix": "/a", "folder": "a"}]});
        assert!(error(json!({}), files).contains("for the whole app"));
    }
}
