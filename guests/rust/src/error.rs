//! Errors a handler returns: those meant for the client, and all others.

use std::error::Error;
use std::fmt;

use serde_json::json;

use crate::status::phrase;
use crate::{Content, Replies, Reply};

/// An error meant for the client: a status and a sentence, sent as a problem
/// document (RFC 9457).
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
    /// An error of that status (400 to 599, usually) and a sentence about it.
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

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The sentence.
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

/// What the error side of a handler's `Result` becomes.
///
/// Whatever turns into a `Box<dyn Error>` has an implementation: errors of the
/// standard library and of crates, `anyhow::Error`, `String`, `&str`. Among them an
/// [`HttpError`] is sent to its client. Any other is a failure: the client gets
/// status 500 and no detail, the host's log gets the message and its causes.
///
/// Implement it for a type of your own that is not a `std::error::Error` to choose
/// the reply yourself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a handler",
    label = "not an error type",
    note = "use `HttpError`, a `std::error::Error`, a `String`, or implement `IntoErrorReply`"
)]
pub trait IntoErrorReply {
    /// Makes the reply.
    fn into_error_reply(self) -> Reply;

    /// Declares what the replies look like; nothing, if it is not said.
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

/// The chain of an error's sources, a line each.
fn causes(error: &(dyn Error + 'static)) -> String {
    let sources = std::iter::successors(error.source(), |source: &&dyn Error| (**source).source());
    let lines: Vec<_> = sources
        .map(|source| format!("caused by: {source}"))
        .collect();
    lines.join("\n")
}

/// The 422 problem document for a value that its schema lets through and its
/// Rust type does not.
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
