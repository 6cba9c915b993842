//! The host's own error responses, and the response headers that it sets.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schemas::HostSchema;
use crate::policy::JwtSpec;
use crate::problem::Problem;
use crate::route_settings::RouteSettings;

/// An error response of the host, named by its reason phrase (RFC 9110).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HostError {
    BadRequest,
    Unauthorized,
    Forbidden,
    RequestTimeout,
    ContentTooLarge,
    UnsupportedMediaType,
    UnprocessableContent,
    TooManyRequests,
    InternalServerError,
    ServiceUnavailable,
    GatewayTimeout,
}

/// The inputs of a route, which determine its possible errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct RouteInputs {
    /// True if the route reads text of the path, the query, headers or cookies.
    pub(super) has_parameters: bool,
    /// True if the host validates the values of a parameter or a body.
    pub(super) is_checked: bool,
    /// True if the route reads a body.
    pub(super) has_body: bool,
}

impl HostError {
    /// Returns the errors that a route can have, ordered by status.
    pub(super) fn for_route(inputs: RouteInputs, settings: RouteSettings<'_>) -> Vec<Self> {
        let is_guarded = settings.jwt().is_some() || settings.api_key().is_some();
        let is_408 = settings.timeout_status() == 408;
        let all = [
            (Self::BadRequest, inputs.has_parameters || inputs.has_body),
            (Self::Unauthorized, is_guarded),
            (
                Self::Forbidden,
                settings.jwt().is_some_and(JwtSpec::requires_app_claims),
            ),
            (Self::RequestTimeout, inputs.has_body || is_408),
            (Self::ContentTooLarge, inputs.has_body),
            (Self::UnsupportedMediaType, inputs.has_body),
            (Self::UnprocessableContent, inputs.is_checked),
            (Self::TooManyRequests, settings.rate_limit().is_some()),
            (Self::InternalServerError, true),
            (Self::ServiceUnavailable, true),
            (Self::GatewayTimeout, !is_408),
        ];
        let can_happen = all.into_iter().filter(|(_, can_happen)| *can_happen);
        can_happen.map(|(error, _)| error).collect()
    }

    pub(super) fn status(self) -> u16 {
        self.status_and_description().0
    }

    /// Returns the component name of the Response Object.
    pub(super) fn component_name(self) -> String {
        format!("{self:?}")
    }

    /// Returns the status and the description.
    pub(super) fn status_and_description(self) -> (u16, &'static str) {
        match self {
            Self::BadRequest => (
                400,
                "The path, the query, a header or the body is malformed.",
            ),
            Self::Unauthorized => (401, "The request has no valid credentials."),
            Self::Forbidden => (403, "The token lacks a claim that this operation requires."),
            Self::RequestTimeout => (408, "The request took too long."),
            Self::ContentTooLarge => (413, "The body is longer than this operation accepts."),
            Self::UnsupportedMediaType => (
                415,
                "This operation does not accept the content type of the body.",
            ),
            Self::UnprocessableContent => (422, "Values of the request violate their schemas."),
            Self::TooManyRequests => (429, "The client exceeded its rate limit."),
            Self::InternalServerError => (500, "The operation failed."),
            Self::ServiceUnavailable => (503, "The server has more requests than it can serve."),
            Self::GatewayTimeout => (504, "The operation did not finish in time."),
        }
    }

    pub(super) fn schema(self) -> HostSchema {
        match self {
            Self::UnprocessableContent => HostSchema::ValidationProblem,
            _ => HostSchema::Problem,
        }
    }

    /// Returns the headers that only this error has.
    fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Unauthorized => &["WWW-Authenticate"],
            Self::TooManyRequests => &[
                "Retry-After",
                "RateLimit-Limit",
                "RateLimit-Remaining",
                "RateLimit-Reset",
            ],
            Self::ServiceUnavailable => &["Retry-After"],
            _ => &[],
        }
    }

    /// Returns the Response Object, and adds the headers that it references to `headers`.
    pub(super) fn response(self, headers: &mut BTreeSet<&'static str>) -> Value {
        let mut response = json!({ "description": self.status_and_description().1 });
        let own = header_references(self.headers(), headers);
        if !own.is_empty() {
            response["headers"] = Value::Object(own);
        }
        response["content"] =
            json!({ Problem::CONTENT_TYPE: { "schema": self.schema().reference() } });
        response
    }
}

/// Returns references to headers, for the member `headers` of a Response Object, and adds
/// the names to `used`.
pub(super) fn header_references(
    names: &[&'static str],
    used: &mut BTreeSet<&'static str>,
) -> Map<String, Value> {
    used.extend(names);
    let reference = |name: &&str| {
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        ((*name).to_owned(), reference)
    };
    names.iter().map(reference).collect()
}

/// Returns the headers that policies add to every reply of a route.
pub(super) fn policy_headers(settings: RouteSettings<'_>) -> &'static [&'static str] {
    match settings.rate_limit() {
        Some(_) => &["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"],
        None => &[],
    }
}

/// Returns the Header Object of a header that the host sets.
pub(super) fn header_object(name: &str) -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    let (description, schema) = match name {
        "Retry-After" => ("Seconds to wait before the next request.", count),
        "WWW-Authenticate" => (
            "The required authentication scheme (RFC 9110).",
            json!({"type": "string"}),
        ),
        "RateLimit-Limit" => ("The maximum number of requests in a burst.", count),
        "RateLimit-Remaining" => ("The number of requests left in the burst.", count),
        _ => (
            "Seconds until the full burst is available; in a 429, until one request is.",
            count,
        ),
    };
    json!({ "description": description, "schema": schema })
}
