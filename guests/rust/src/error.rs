//! Errors of handlers: errors for the client, and failures for the host's log.

use std::error::Error;
use std::fmt;

use serde_json::json;

use crate::status::phrase;
use crate::{Content, Replies, Reply};

/// An error for the client: a status and a sentence, sent as a problem document (RFC 9457).
///
/// ```
/// # use spikard_wasm_sdk::{get, HttpError, Path};
/// #[get("/users/{id}")]
/// fn user(Path(id): Path<u64>) -> Result<String, HttpError> {
///     match id {
///         1 => Ok("Ann".to_owned()),
///         _ => Err(HttpError::new(404, format!("there is no user `{id}`"))),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    status: u16,
    detail: String,
    headers: Vec<(String, String)>,
}

impl HttpError {
    /// Creates an error with a status, usually 400 to 599, and a sentence that the client sees.
    #[must_use]
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            headers: Vec::new(),
        }
    }

    /// Adds a header, such as `www-authenticate` or `retry-after`.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.status,
            phrase(self.status),
            self.detail
        )
    }
}

impl Error for HttpError {}

impl From<HttpError> for Reply {
    fn from(error: HttpError) -> Self {
        let document = json!({
            "type": "about:blank",
            "title": phrase(error.status),
            "status": error.status,
            "detail": error.detail,
        });
        let reply = problem(error.status, &document);
        error
            .headers
            .into_iter()
            .fold(reply, |reply, (name, value)| reply.header(name, value))
    }
}

/// The error type of a handler's `Result`.
///
/// Every type that converts to `Box<dyn Error>` implements it: errors of the standard library and
/// of crates, `anyhow::Error`, `String` and `&str`. The client gets an [`HttpError`] as a problem
/// document. Any other error is a failure: the client gets status 500 without details, and the
/// host logs the message and its causes.
///
/// To choose the reply yourself, implement this trait for your own type that is not a
/// `std::error::Error`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a handler",
    label = "not an error type",
    note = "use `HttpError`, a `std::error::Error`, a `String`, or implement `IntoErrorReply`"
)]
pub trait IntoErrorReply {
    /// Converts the error to a reply.
    fn into_error_reply(self) -> Reply;

    /// Declares the replies for the OpenAPI document. The default declares none.
    fn declare_error(replies: &mut Replies) {
        let _ = replies;
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error>>> IntoErrorReply for E {
    fn into_error_reply(self) -> Reply {
        match self.into().downcast::<HttpError>() {
            Ok(error) => Reply::from(*error),
            Err(error) => Reply::failure(error.to_string(), causes(&*error)),
        }
    }

    fn declare_error(replies: &mut Replies) {
        replies.problem();
    }
}

impl IntoErrorReply for Reply {
    fn into_error_reply(self) -> Reply {
        self
    }
}

/// Returns the sources of an error, one per line.
fn causes(error: &(dyn Error + 'static)) -> String {
    let sources = std::iter::successors(error.source(), |source: &&dyn Error| (**source).source());
    let lines: Vec<_> = sources
        .map(|source| format!("caused by: {source}"))
        .collect();
    lines.join("\n")
}

/// Returns the 422 problem document for a value that matches its schema but not its Rust type.
pub(crate) fn invalid(place: &[&str], message: &str) -> Reply {
    let document = json!({
        "type": "https://spikard.dev/errors/validation-error",
        "title": "Request Validation Failed",
        "status": 422,
        "detail": "1 validation error in request",
        "errors": [{ "type": "validation_error", "loc": place, "msg": message }],
    });
    problem(422, &document)
}

pub(crate) fn problem(status: u16, document: &serde_json::Value) -> Reply {
    Reply::new()
        .status(status)
        .header("content-type", "application/problem+json")
        .content(Content::Json(document.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("no count")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn an_http_error_is_found_behind_a_box() {
        let boxed: Box<dyn Error> = HttpError::new(409, "taken")
            .header("retry-after", "5")
            .into();
        let (status, headers, content) =
            boxed.into_error_reply().finish(Some(200)).expect("a reply");
        assert_eq!(status, 409);
        assert_eq!(
            headers,
            r#"[["content-type","application/problem+json"],["retry-after","5"]]"#
        );
        let Content::Json(text) = content else {
            panic!("{content:?}")
        };
        let expected =
            json!({"type": "about:blank", "title": "Conflict", "status": 409, "detail": "taken"});
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).expect("json"),
            expected
        );
    }

    #[test]
    fn any_other_error_is_a_failure_with_its_causes() {
        let cause = "x".parse::<u8>().expect_err("not a number");
        let failure = Outer(cause)
            .into_error_reply()
            .finish(None)
            .expect_err("a failure");
        assert_eq!(failure.message, "no count");
        assert_eq!(failure.detail, "caused by: invalid digit found in string");
        assert_eq!(
            "plain"
                .into_error_reply()
                .finish(None)
                .expect_err("a failure")
                .message,
            "plain"
        );
    }
}
