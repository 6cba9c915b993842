//! Why a request does not get a handler's reply. Every early exit of the pipeline
//! is a value of this one type, turned into a response in one place.

use crate::{FieldError, Problem};

/// A request that ends early.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The path, query, a header or the body cannot be read (400).
    BadRequest(String),
    /// The body is not of the format that its content type says it is (400), with
    /// the place where it ceases to be.
    Malformed(Vec<FieldError>),
    /// The request carries no credentials, or none that are let in (401).
    Unauthorized {
        /// What is wrong, in a few words.
        title: &'static str,
        /// What is wrong.
        detail: String,
        /// The value of `WWW-Authenticate`.
        challenge: String,
    },
    /// What is asked is not allowed (403).
    Forbidden {
        /// Why.
        detail: String,
    },
    /// No route has the path (404).
    NotFound,
    /// The path's routes answer other methods (405).
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: String,
    },
    /// The body did not arrive in time (408).
    RequestTimeout,
    /// A condition of the request does not hold (412).
    PreconditionFailed,
    /// The body is longer than the route allows (413).
    BodyTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The route does not accept the body's content type (415).
    UnsupportedMediaType,
    /// The range is outside of the file (416).
    RangeNotSatisfiable {
        /// The value of `Content-Range`.
        content_range: String,
    },
    /// Fields break their schemas (422).
    Invalid(Vec<FieldError>),
    /// The client asks more often than it may (429).
    RateLimited {
        /// When to try again, in seconds.
        retry_after: u32,
    },
    /// The header fields are longer than the host accepts (431).
    HeadersTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The guest failed or trapped, or its reply cannot be sent (500). The log
    /// has the reason; the client does not.
    Failed,
    /// No instance came free in time (503).
    Overloaded {
        /// When to try again, in seconds.
        retry_after: u32,
    },
    /// The call ran past its deadline (504, or 408 where the route says so).
    DeadlineExceeded {
        /// The status.
        status: u16,
    },
}

impl Refusal {
    /// The response's status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) | Self::Malformed(_) => 400,
            Self::Unauthorized { .. } => 401,
            Self::Forbidden { .. } => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::RequestTimeout => 408,
            Self::PreconditionFailed => 412,
            Self::BodyTooLarge { .. } => 413,
            Self::UnsupportedMediaType => 415,
            Self::RangeNotSatisfiable { .. } => 416,
            Self::Invalid(_) => 422,
            Self::RateLimited { .. } => 429,
            Self::HeadersTooLarge { .. } => 431,
            Self::Failed => 500,
            Self::Overloaded { .. } => 503,
            Self::DeadlineExceeded { status } => *status,
        }
    }

    /// The header that tells the client how to go on, if there is one: its name in
    /// lower case and its value.
    #[must_use]
    pub fn header(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Unauthorized { challenge, .. } => Some(("www-authenticate", challenge.clone())),
            Self::MethodNotAllowed { allow } => Some(("allow", allow.clone())),
            Self::RangeNotSatisfiable { content_range } => {
                Some(("content-range", content_range.clone()))
            }
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after } => {
                Some(("retry-after", retry_after.to_string()))
            }
            _ => None,
        }
    }

    /// The document the client gets.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        let status = self.status();
        let problem = |kind: &str, title, detail: String| Problem::new(status, kind, title, detail);
        match self {
            Self::BadRequest(detail) => problem("bad-request", "Bad Request", detail),
            Self::Malformed(errors) => Problem {
                errors,
                ..problem(
                    "bad-request",
                    "Bad Request",
                    "Invalid request format".to_owned(),
                )
            },
            Self::Unauthorized { title, detail, .. } => problem("unauthorized", title, detail),
            Self::Forbidden { detail } => problem("forbidden", "Forbidden", detail),
            Self::NotFound => problem(
                "not-found",
                "Not Found",
                "no route has this path".to_owned(),
            ),
            Self::MethodNotAllowed { allow } => problem(
                "method-not-allowed",
                "Method Not Allowed",
                format!("this path answers {allow}"),
            ),
            Self::RequestTimeout => problem(
                "request-timeout",
                "Request Timeout",
                "the request body did not arrive in time".to_owned(),
            ),
            Self::PreconditionFailed => problem(
                "precondition-failed",
                "Precondition Failed",
                "the file is not the one that the request's condition names".to_owned(),
            ),
            Self::BodyTooLarge { limit } => problem(
                "payload-too-large",
                "Payload Too Large",
                format!("the request body is longer than the {limit} bytes this route accepts"),
            ),
            Self::UnsupportedMediaType => problem(
                "unsupported-media-type",
                "Unsupported Media Type",
                "Unsupported media type".to_owned(),
            ),
            Self::RangeNotSatisfiable { .. } => problem(
                "range-not-satisfiable",
                "Range Not Satisfiable",
                "the file has no such range; content-range has its length".to_owned(),
            ),
            Self::Invalid(errors) => Problem::validation(errors),
            Self::RateLimited { retry_after } => problem(
                "rate-limited",
                "Too Many Requests",
                format!("Rate limit exceeded; try again in {retry_after} s"),
            ),
            Self::HeadersTooLarge { limit } => problem(
                "headers-too-large",
                "Request Header Fields Too Large",
                format!(
                    "the header fields are longer than {limit} bytes; send fewer or shorter ones"
                ),
            ),
            Self::Failed => problem(
                "internal-server-error",
                "Internal Server Error",
                "the handler failed; the server's log says why".to_owned(),
            ),
            Self::Overloaded { .. } => problem(
                "service-unavailable",
                "Service Unavailable",
                "the server has more requests than it can serve; try again later".to_owned(),
            ),
            Self::DeadlineExceeded { status } => {
                let (kind, title) = match status {
                    408 => ("request-timeout", "Request Timeout"),
                    _ => ("gateway-timeout", "Gateway Timeout"),
                };
                let detail = "the handler did not finish in time";
                problem(kind, title, detail.to_owned())
            }
        }
    }
}
