//! The effective settings of a route: its own over those of its app.
//!
//! Both the request pipeline and the OpenAPI document read settings through
//! [`RouteSettings`], so that the document states what the host enforces.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::hooks::Hooks;
use crate::isolation::Isolation;
use crate::policy::{ApiKeysSpec, JwtSpec, RateLimitSpec, Switch, resolve};
use crate::settings::{SecurityRequirement, Settings};

/// The settings of a route, combined with those of its app.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RouteSettings<'s> {
    app: &'s Settings,
    own: &'s Settings,
}

impl<'s> RouteSettings<'s> {
    /// Combines the settings of an app and of one of its routes.
    pub(crate) fn new(app: &'s Settings, own: &'s Settings) -> Self {
        Self { app, own }
    }

    /// Returns the settings that the route itself declares.
    pub(crate) fn own(self) -> &'s Settings {
        self.own
    }

    /// Returns the declared maximum size of a request body, in bytes.
    pub(crate) fn body_limit(self) -> Option<u64> {
        self.own.body_limit.or(self.app.body_limit)
    }

    /// Returns the declared maximum duration of a call.
    pub(crate) fn timeout(self) -> Option<Duration> {
        let milliseconds = self.own.timeout_ms.or(self.app.timeout_ms);
        milliseconds.map(Duration::from_millis)
    }

    /// Returns the status of a call that exceeds its deadline.
    pub(crate) fn timeout_status(self) -> u16 {
        let declared = self.own.timeout_status.or(self.app.timeout_status);
        declared.unwrap_or(504)
    }

    /// Returns the declared isolation between requests.
    pub(crate) fn isolation(self) -> Option<Isolation> {
        self.own.instances.or(self.app.instances)
    }

    /// Returns true if the guest receives the body as bytes.
    pub(crate) fn raw_body(self) -> bool {
        self.own.raw_body.or(self.app.raw_body).unwrap_or(false)
    }

    /// Returns the hook kinds of the app and of the route.
    pub(crate) fn hooks(self) -> Hooks {
        self.app
            .hooks
            .iter()
            .chain(&self.own.hooks)
            .copied()
            .collect()
    }

    /// Returns the tags of the route, or of the app if the route declares none.
    pub(crate) fn tags(self) -> &'s [String] {
        let declared = self.own.tags.as_ref().or(self.app.tags.as_ref());
        declared.map_or(&[], Vec::as_slice)
    }

    /// Returns the security requirements that the app checks itself.
    pub(crate) fn security(self) -> &'s [SecurityRequirement] {
        let declared = self.own.security.as_ref().or(self.app.security.as_ref());
        declared.map_or(&[], Vec::as_slice)
    }

    /// Returns the security schemes that the app declares.
    pub(crate) fn security_schemes(self) -> Option<&'s BTreeMap<String, Value>> {
        let openapi = self.app.openapi.as_ref();
        openapi.map(|openapi| &openapi.security_schemes)
    }

    /// Returns the rate limit that applies.
    pub(crate) fn rate_limit(self) -> Option<&'s RateLimitSpec> {
        effective(&self.app.rate_limit, &self.own.rate_limit)
    }

    /// Returns the JWT policy that applies.
    pub(crate) fn jwt(self) -> Option<&'s JwtSpec> {
        effective(&self.app.jwt, &self.own.jwt)
    }

    /// Returns the API key policy that applies.
    pub(crate) fn api_key(self) -> Option<&'s ApiKeysSpec> {
        effective(&self.app.api_key, &self.own.api_key)
    }
}

fn effective<'s, S>(app: &'s Option<Switch<S>>, own: &'s Option<Switch<S>>) -> Option<&'s S> {
    let inherited = resolve(app, None, |spec| spec);
    resolve(own, inherited, |spec| spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_replaces_inherits_or_turns_off() {
        let app = r#"{"timeout_status": 408, "body_limit": 1, "tags": ["a"], "hooks": ["on-request"],
            "api_key": {"keys": ["k"]}, "rate_limit": {"requests": 1, "per": "hour"}}"#;
        let app = Settings::parse(app).unwrap();
        let settings = |text| Settings::parse(text).unwrap();
        let (none, null) = (settings(""), settings(r#"{"api_key": null}"#));
        for inherits in [&none, &null] {
            let inherited = RouteSettings::new(&app, inherits);
            assert_eq!(inherited.timeout_status(), 408);
            assert_eq!(inherited.body_limit(), Some(1));
            assert_eq!(inherited.tags(), ["a"]);
            assert!(inherited.api_key().is_some() && inherited.jwt().is_none());
        }
        let own = settings(
            r#"{"timeout_status": 504, "tags": [], "api_key": false, "hooks": ["on-error"]}"#,
        );
        let own = RouteSettings::new(&app, &own);
        assert_eq!((own.timeout_status(), own.tags().len()), (504, 0));
        assert_eq!(own.hooks().iter().count(), 2);
        assert!(own.api_key().is_none() && own.rate_limit().is_some());
    }
}
