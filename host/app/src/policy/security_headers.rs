//! Security headers: response headers that restrict what browsers do with a reply.

use serde::Deserialize;

use super::header;
use super::switch::FromTrue;

/// The security headers policy. A handler's own header of the same name takes precedence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityHeaders {
    /// `x-content-type-options: nosniff`.
    pub content_type_options: bool,
    /// `x-frame-options`.
    pub frame_options: Option<String>,
    /// `referrer-policy`.
    pub referrer_policy: Option<String>,
    /// `cross-origin-opener-policy`.
    pub cross_origin_opener_policy: Option<String>,
    /// `cross-origin-resource-policy`.
    pub cross_origin_resource_policy: Option<String>,
    /// `strict-transport-security`.
    pub strict_transport_security: Option<String>,
    /// `content-security-policy`.
    pub content_security_policy: Option<String>,
    /// `permissions-policy`.
    pub permissions_policy: Option<String>,
}

impl Default for SecurityHeaders {
    fn default() -> Self {
        Self {
            content_type_options: true,
            frame_options: Some("DENY".to_owned()),
            referrer_policy: Some("no-referrer".to_owned()),
            cross_origin_opener_policy: Some("same-origin".to_owned()),
            cross_origin_resource_policy: Some("same-origin".to_owned()),
            // Only the app knows whether its whole domain uses TLS, which the host does not
            // terminate, and which resources its pages load.
            strict_transport_security: None,
            content_security_policy: None,
            permissions_policy: None,
        }
    }
}

impl FromTrue for SecurityHeaders {
    fn from_true() -> Result<Self, &'static str> {
        Ok(Self::default())
    }
}

impl SecurityHeaders {
    pub(super) fn check(&self) -> Result<Self, String> {
        for (_, text) in self.headers() {
            header::value(text)?;
        }
        Ok(self.clone())
    }

    /// Iterates over the headers, with names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let nosniff = self.content_type_options.then_some("nosniff");
        [
            ("x-content-type-options", nosniff),
            ("x-frame-options", self.frame_options.as_deref()),
            ("referrer-policy", self.referrer_policy.as_deref()),
            (
                "cross-origin-opener-policy",
                self.cross_origin_opener_policy.as_deref(),
            ),
            (
                "cross-origin-resource-policy",
                self.cross_origin_resource_policy.as_deref(),
            ),
            (
                "strict-transport-security",
                self.strict_transport_security.as_deref(),
            ),
            (
                "content-security-policy",
                self.content_security_policy.as_deref(),
            ),
            ("permissions-policy", self.permissions_policy.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_replace_defaults() {
        let read = |text| serde_json::from_str::<SecurityHeaders>(text).unwrap();
        let names = |headers: &SecurityHeaders| {
            headers
                .headers()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
                .len()
        };
        assert_eq!(names(&SecurityHeaders::default()), 5);
        let other = read(
            r#"{"content_type_options": false, "frame_options": null,
                "content_security_policy": "default-src 'self'"}"#,
        );
        assert_eq!(names(&other), 4);
        assert!(other.check().is_ok());
        let bad = read(r#"{"permissions_policy": "a\r\nb: c"}"#);
        assert!(bad.check().unwrap_err().contains("not a header value"));
    }
}
