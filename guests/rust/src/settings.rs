//! The limits and policies of an app or a route, as the `settings` object of the WIT.

use serde::Serialize;
use serde_json::Value;

use crate::lifespan::LifespanNumbers;
use crate::policy::{
    ApiKey, Compression, Cors, Instances, Jwt, OpenApi, RateLimit, RequestId, SecurityHeaders,
    SecurityRequirement, StaticFiles, Text, Toggle, TrailingSlash,
};

/// The members of the `settings` object.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instances: Option<Instances>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) raw_body: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Text>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<Text>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) deprecated: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) hooks: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<Toggle<RequestId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate_limit: Option<Toggle<RateLimit>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cors: Option<Toggle<Cors>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compression: Option<Toggle<Compression>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jwt: Option<Toggle<Jwt>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<Toggle<ApiKey>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security_headers: Option<Toggle<SecurityHeaders>>,
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "static")]
    pub(crate) static_files: Vec<StaticFiles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trailing_slash: Option<TrailingSlash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) openapi: Option<Toggle<OpenApi>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lifespan: Option<LifespanNumbers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) secrets: Vec<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) security: Option<Vec<SecurityRequirement>>,
}

impl Settings {
    /// Adds what an outer router sets, unless it is set here.
    pub(crate) fn inherit(&mut self, outer: &Self) {
        macro_rules! unless_set {
            ($($field:ident),*) => {
                $(if self.$field.is_none() {
                    self.$field.clone_from(&outer.$field);
                })*
            };
        }
        unless_set!(
            body_limit,
            timeout_ms,
            timeout_status,
            instances,
            request_id,
            rate_limit,
            cors,
            compression,
            jwt,
            api_key,
            security_headers,
            security
        );
        let tags = outer.tags.iter().filter(|tag| !self.tags.contains(tag));
        let tags: Vec<_> = tags.cloned().collect();
        self.tags.splice(0..0, tags);
        self.deprecated |= outer.deprecated;
    }

    /// Returns the JSON text, or an empty string if nothing is set. `raw_body` is true if an
    /// argument of the handler needs the raw body; `hooks` lists the kinds of hooks in use.
    pub(crate) fn to_json(&self, raw_body: bool, hooks: Vec<&'static str>) -> String {
        let settings = Self {
            raw_body: self.raw_body || raw_body,
            hooks,
            ..self.clone()
        };
        match serde_json::to_string(&settings) {
            Ok(text) if text != "{}" => text,
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_written() {
        let json = |settings: &Settings, raw| settings.to_json(raw, Vec::new());
        assert_eq!(json(&Settings::default(), false), "");
        assert_eq!(json(&Settings::default(), true), r#"{"raw_body":true}"#);
        let settings = Settings {
            body_limit: Some(10),
            tags: vec!["a".into()],
            ..Settings::default()
        };
        assert_eq!(json(&settings, false), r#"{"body_limit":10,"tags":["a"]}"#);
        assert_eq!(
            Settings::default().to_json(false, vec!["on-error"]),
            r#"{"hooks":["on-error"]}"#
        );
    }
}
