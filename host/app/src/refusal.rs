//! Refusals: the reasons why the host answers a request itself with an error. Every early
//! exit of the pipeline is a [`Refusal`], which one function turns into a response.

use crate::field_error::{FieldError, shorten};
use crate::problem::Problem;

/// The reason why the host rejects a request or replaces its reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The path, query, a header or the body is malformed (400).
    BadRequest(String),
    /// The body does not match the format of its content type (400). The error has the
    /// position.
    Malformed(Vec<FieldError>),
    /// The credentials are missing or invalid (401).
    Unauthorized {
        /// The title of the problem document.
        title: &'static str,
        /// The detail of the problem document.
        detail: String,
        /// The value of `WWW-Authenticate`.
        challenge: String,
    },
    /// A policy forbids the request (403).
    Forbidden {
        /// The detail of the problem document.
        detail: String,
    },
    /// No route has the path (404).
    NotFound,
    /// No route of the path has the method (405).
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: String,
    },
    /// The body did not arrive in time (408).
    RequestTimeout,
    /// A precondition of the request is false (412).
    PreconditionFailed,
    /// The body is longer than the route allows (413).
    BodyTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The route does not accept the body's content type (415).
    UnsupportedMediaType,
    /// The charset of the body is unknown, or the content type requires UTF-8 (415).
    UnsupportedCharset {
        /// The charset, as in the content type.
        charset: String,
    },
    /// The body has a content coding, and the host decodes none (415).
    UnsupportedContentCoding {
        /// The codings, as in the request.
        coding: String,
    },
    /// The range is outside of the file (416).
    RangeNotSatisfiable {
        /// The value of `Content-Range`.
        content_range: String,
    },
    /// Values violate their schemas (422).
    Invalid(Vec<FieldError>),
    /// The client exceeded its rate limit (429).
    RateLimited {
        /// The delay before the next attempt, in seconds.
        retry_after: u32,
    },
    /// The header fields exceed the host's limit (431).
    HeadersTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The guest failed or trapped, or its reply is invalid (500). Only the log contains
    /// the reason.
    Failed,
    /// No instance became available in time (503).
    Overloaded {
        /// The delay before the next attempt, in seconds.
        retry_after: u32,
    },
    /// The call exceeded its deadline (504, or 408 if the route declares it).
    DeadlineExceeded {
        /// The status.
        status: u16,
    },
}

impl Refusal {
    /// Returns both results, or all validation errors of both, so that a client learns all
    /// errors of its request at once. Of other refusals the first wins.
    ///
    /// # Errors
    /// Those of the results.
    pub fn combine<A, B>(first: Result<A, Self>, second: Result<B, Self>) -> Result<(A, B), Self> {
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Err(Self::Invalid(mut errors)), Err(Self::Invalid(more))) => {
                errors.extend(more);
                Err(Self::Invalid(errors))
            }
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        }
    }

    /// Returns the status of the response.
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
            Self::UnsupportedMediaType
            | Self::UnsupportedCharset { .. }
            | Self::UnsupportedContentCoding { .. } => 415,
            Self::RangeNotSatisfiable { .. } => 416,
            Self::Invalid(_) => 422,
            Self::RateLimited { .. } => 429,
            Self::HeadersTooLarge { .. } => 431,
            Self::Failed => 500,
            Self::Overloaded { .. } => 503,
            Self::DeadlineExceeded { status } => *status,
        }
    }

    /// Returns the header that tells the client how to proceed, if any: its name in lower
    /// case and its value.
    #[must_use]
    pub fn header(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Unauthorized { challenge, .. } => Some(("www-authenticate", challenge.clone())),
            Self::MethodNotAllowed { allow } => Some(("allow", allow.clone())),
            // RFC 9110, section 12.5.3: the codings that the client may use instead.
            Self::UnsupportedContentCoding { .. } => {
                Some(("accept-encoding", "identity".to_owned()))
            }
            Self::RangeNotSatisfiable { content_range } => {
                Some(("content-range", content_range.clone()))
            }
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after } => {
                Some(("retry-after", retry_after.to_string()))
            }
            _ => None,
        }
    }

    /// Converts the refusal to the problem document for the client.
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
                format!("this path supports {allow}"),
            ),
            Self::RequestTimeout => problem(
                "request-timeout",
                "Request Timeout",
                "the request body did not arrive in time".to_owned(),
            ),
            Self::PreconditionFailed => problem(
                "precondition-failed",
                "Precondition Failed",
                "the file does not match the precondition of the request".to_owned(),
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
            Self::UnsupportedCharset { charset } => problem(
                "unsupported-charset",
                "Unsupported Charset",
                format!(
                    "the charset `{}` of the request body is not supported; send the body in UTF-8",
                    shorten(&charset)
                ),
            ),
            Self::UnsupportedContentCoding { coding } => problem(
                "unsupported-content-encoding",
                "Unsupported Content Encoding",
                format!(
                    "the content encoding `{}` of the request body is not supported; send the body without one",
                    shorten(&coding)
                ),
            ),
            Self::RangeNotSatisfiable { .. } => problem(
                "range-not-satisfiable",
                "Range Not Satisfiable",
                "the requested range is outside the file; content-range has its length".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn invalid(text: &str) -> Refusal {
        let error = FieldError {
            kind: ErrorKind::Missing,
            loc: Vec::new(),
            msg: text.to_owned(),
            input: None,
            ctx: None,
        };
        Refusal::Invalid(vec![error])
    }

    #[test]
    fn validation_errors_of_both_are_combined() {
        let refusal = Refusal::combine::<(), ()>(Err(invalid("one")), Err(invalid("two")));
        assert!(matches!(refusal, Err(Refusal::Invalid(errors)) if errors.len() == 2));
    }

    #[test]
    fn the_first_refusal_wins_otherwise() {
        let first = Refusal::combine::<(), ()>(Err(invalid("one")), Err(Refusal::RequestTimeout));
        assert!(matches!(first, Err(Refusal::Invalid(errors)) if errors.len() == 1));
        let second = Refusal::combine::<_, ()>(Ok(()), Err(Refusal::RequestTimeout));
        assert!(matches!(second, Err(Refusal::RequestTimeout)));
    }
}
