//! The host's own error responses, and the response headers that it sets.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::policies::Policies;
use super::schemas::HostSchema;
use crate::policy::is_registered_claim;
use crate::problem::Problem;

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

/// What of a route decides which errors it can have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surface {
    /// It reads text of the path, the query, headers or cookies.
    pub(super) has_parameters: bool,
    /// It has a parameter or a body whose values are checked.
    pub(super) is_checked: bool,
    /// It reads a body.
    pub(super) has_body: bool,
}

impl HostError {
    /// Returns the errors that a route can have, ordered by status.
    pub(super) fn of(surface: Surface, policies: &Policies) -> Vec<Self> {
        let is_guarded = policies.has("jwt") || policies.has("api_key");
        let is_408 = policies.get("timeout_status").and_then(Value::as_u64) == Some(408);
        let all = [
            (Self::BadRequest, surface.has_parameters || surface.has_body),
            (Self::Unauthorized, is_guarded),
            (
                Self::Forbidden,
                policies.get("jwt").is_some_and(requires_claims),
            ),
            (Self::RequestTimeout, surface.has_body || is_408),
            (Self::ContentTooLarge, surface.has_body),
            (Self::UnsupportedMediaType, surface.has_body),
            (Self::UnprocessableContent, surface.is_checked),
            (Self::TooManyRequests, policies.has("rate_limit")),
            (Self::InternalServerError, true),
            (Self::ServiceUnavailable, true),
            (Self::GatewayTimeout, !is_408),
        ];
        let can_happen = all.into_iter().filter(|(_, can_happen)| *can_happen);
        can_happen.map(|(error, _)| error).collect()
    }

    pub(super) fn status(self) -> u16 {
        self.words().0
    }

    /// Returns the component name of the Response Object.
    pub(super) fn component(self) -> String {
        format!("{self:?}")
    }

    /// Returns the status and the description.
    pub(super) fn words(self) -> (u16, &'static str) {
        match self {
            Self::BadRequest => (
                400,
                "The path, the query, a header or the body cannot be read.",
            ),
            Self::Unauthorized => (401, "There are no valid credentials in the request."),
            Self::Forbidden => (403, "The token lacks a claim that this operation requires."),
            Self::RequestTimeout => (408, "The request took too long."),
            Self::ContentTooLarge => (413, "The body is longer than this operation takes."),
            Self::UnsupportedMediaType => (
                415,
                "The body has a content type that this operation does not take.",
            ),
            Self::UnprocessableContent => (422, "Values of the request break their schemas."),
            Self::TooManyRequests => (429, "There were too many requests."),
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
        let mut response = json!({ "description": self.words().1 });
        let own = refer_to_headers(self.headers(), headers);
        if !own.is_empty() {
            response["headers"] = Value::Object(own);
        }
        response["content"] =
            json!({ Problem::CONTENT_TYPE: { "schema": self.schema().reference() } });
        response
    }
}

/// Whether a declared `jwt` requires claims of the app's own.
fn requires_claims(jwt: &Value) -> bool {
    let names = jwt.get("required_claims").and_then(Value::as_array);
    let mut names = names.into_iter().flatten().filter_map(Value::as_str);
    names.any(|name| !is_registered_claim(name))
}

/// Returns references to headers, for the member `headers` of a Response Object, and adds
/// the names to `used`.
pub(super) fn refer_to_headers(
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
pub(super) fn of_every_reply(policies: &Policies) -> Vec<&'static str> {
    let mut headers = Vec::new();
    if policies.has("rate_limit") {
        headers.extend(["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]);
    }
    headers
}

/// Returns the Header Object of a header that the host sets.
pub(super) fn header(name: &str) -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    let (description, schema) = match name {
        "Retry-After" => ("When to try again, in seconds.", count),
        "WWW-Authenticate" => (
            "The scheme that is asked for (RFC 9110).",
            json!({"type": "string"}),
        ),
        "RateLimit-Limit" => ("How many requests there may be at once.", count),
        "RateLimit-Remaining" => ("How many of them are left.", count),
        _ => ("When all of them are there again, in seconds.", count),
    };
    json!({ "description": description, "schema": schema })
}
