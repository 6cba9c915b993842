//! Limits and policies of a route or an app, as the JSON object of the WIT.

use std::borrow::Cow;

use serde::Serialize;

/// The known members of `settings`.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) raw_body: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<Cow<'static, str>>,
}

impl Settings {
    /// The JSON text; empty when nothing is set. `raw_body` is what the handler's
    /// arguments ask for.
    pub(crate) fn to_json(&self, raw_body: bool) -> String {
        let settings = Self {
            raw_body: self.raw_body || raw_body,
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
        assert_eq!(Settings::default().to_json(false), "");
        assert_eq!(Settings::default().to_json(true), r#"{"raw_body":true}"#);
        let settings = Settings {
            body_limit: Some(10),
            tags: vec!["a".into()],
            ..Settings::default()
        };
        assert_eq!(settings.to_json(false), r#"{"body_limit":10,"tags":["a"]}"#);
    }
}
