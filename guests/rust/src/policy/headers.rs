//! Policies that add headers to replies: request ids and security headers.

use serde::Serialize;

use super::values::{Text, Toggle};

/// Sends the id of each request in a header of its reply.
///
/// The host accepts an id from the client if it has 1 to 128 visible ASCII characters. Otherwise
/// it generates a UUID.
#[derive(Clone, Debug, Default, Serialize)]
#[must_use = "a policy does nothing until an app or a route has it"]
pub struct RequestId {
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept: Option<bool>,
}

impl RequestId {
    /// Uses the header `x-request-id` and accepts ids from clients.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the header of the id, in the request and in the reply.
    pub fn header(mut self, name: impl Into<Text>) -> Self {
        self.header = Some(name.into());
        self
    }

    /// Accepts ids from clients if true, the default.
    pub fn accept(mut self, accept: bool) -> Self {
        self.accept = Some(accept);
        self
    }
}

impl From<RequestId> for Toggle<RequestId> {
    fn from(policy: RequestId) -> Self {
        Self::With(policy)
    }
}

/// Adds security headers to replies that do not set them.
///
/// ```
/// # use spikard_wasm_sdk::{App, SecurityHeaders};
/// let app = App::new("site").security_headers(
///     SecurityHeaders::new().content_security_policy("default-src 'self'").without_frame_options(),
/// );
/// let defaults = App::new("site").security_headers(true);
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[must_use = "a policy does nothing until an app or a route has it"]
pub struct SecurityHeaders {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type_options: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_options: Option<HeaderValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer_policy: Option<HeaderValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_origin_opener_policy: Option<HeaderValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_origin_resource_policy: Option<HeaderValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict_transport_security: Option<HeaderValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_security_policy: Option<HeaderValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_policy: Option<HeaderValue>,
}

/// The value of a header, or an omitted header.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum HeaderValue {
    Value(Text),
    Omitted,
}

macro_rules! headers {
    ($($name:ident $(, $without:ident)?: $header:literal, $default:literal;)*) => {
        $(
            #[doc = concat!("Sets the header `", $header, "`. Default: ", $default, ".")]
            pub fn $name(mut self, value: impl Into<Text>) -> Self {
                self.$name = Some(HeaderValue::Value(value.into()));
                self
            }

            $(
                #[doc = concat!("Omits the header `", $header, "`.")]
                pub fn $without(mut self) -> Self {
                    self.$name = Some(HeaderValue::Omitted);
                    self
                }
            )?
        )*
    };
}

impl SecurityHeaders {
    /// Uses the defaults of the host.
    pub fn new() -> Self {
        Self::default()
    }

    /// Omits the header `x-content-type-options: nosniff`.
    pub fn without_content_type_options(mut self) -> Self {
        self.content_type_options = Some(false);
        self
    }

    headers! {
        frame_options, without_frame_options: "x-frame-options", "`DENY`";
        referrer_policy, without_referrer_policy: "referrer-policy", "`no-referrer`";
        cross_origin_opener_policy, without_cross_origin_opener_policy:
            "cross-origin-opener-policy", "`same-origin`";
        cross_origin_resource_policy, without_cross_origin_resource_policy:
            "cross-origin-resource-policy", "`same-origin`";
        strict_transport_security: "strict-transport-security", "none";
        content_security_policy: "content-security-policy", "none";
        permissions_policy: "permissions-policy", "none";
    }
}

impl From<SecurityHeaders> for Toggle<SecurityHeaders> {
    fn from(policy: SecurityHeaders) -> Self {
        Self::With(policy)
    }
}
