//! Errors of handlers: errors for the client, and failures for the host's log.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::reply::Failure;
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
    /// Members of the problem document beside `status` and `detail`.
    members: Vec<(String, Value)>,
    /// Set for an error that the client must not see.
    failure: Option<Box<Failure>>,
}

impl HttpError {
    /// Creates an error with a status, usually 400 to 599, and a sentence that the client sees.
    #[must_use]
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            headers: Vec::new(),
            members: Vec::new(),
            failure: None,
        }
    }

    /// Creates an error with status 400.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(400, detail)
    }

    /// Creates an error with status 401.
    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(401, detail)
    }

    /// Creates an error with status 403.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(403, detail)
    }

    /// Creates an error with status 404.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, detail)
    }

    /// Creates an error with status 409.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(409, detail)
    }

    /// Creates a failure: the client gets status 500 without details, and the host logs the error
    /// and its causes. Use it where `?` does not convert an error:
    ///
    /// ```
    /// # use spikard_wasm_sdk::HttpError;
    /// fn port(text: &str) -> Result<u16, HttpError> {
    ///     text.parse().map_err(HttpError::internal)
    /// }
    /// ```
    #[must_use]
    pub fn internal(error: impl Into<Box<dyn Error>>) -> Self {
        let error = error.into();
        let failure = Failure {
            message: error.to_string(),
            detail: causes(&*error),
        };
        Self {
            failure: Some(Box::new(failure)),
            ..Self::new(500, String::new())
        }
    }

    /// Adds a header, such as `www-authenticate` or `retry-after`.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the type of the problem, a URI that identifies it; `about:blank` by default.
    #[must_use]
    pub fn problem_type(self, uri: impl Into<String>) -> Self {
        self.extension("type", &uri.into())
    }

    /// Sets the title of the problem; by default the phrase of the status, such as `Not Found`.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        self.extension("title", &title.into())
    }

    /// Adds a member to the problem document (RFC 9457, section 3.2). The members `status` and
    /// `detail` cannot be replaced. A value that cannot be JSON makes the error a failure.
    ///
    /// ```
    /// # use spikard_wasm_sdk::HttpError;
    /// let error = HttpError::new(403, "your credit is too low")
    ///     .problem_type("https://example.com/problems/out-of-credit")
    ///     .extension("balance", &30);
    /// ```
    #[must_use]
    pub fn extension<T: Serialize + ?Sized>(mut self, name: impl Into<String>, value: &T) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.members.push((name.into(), value));
                self
            }
            Err(error) => Self::internal(error),
        }
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
        if let Some(failure) = &self.failure {
            return f.write_str(&failure.message);
        }
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

/// The error for something that does not exist: status 404.
///
/// ```
/// # use spikard_wasm_sdk::{Database, HttpError, NotFound, params};
/// # async fn example(database: Database, id: i64) -> Result<(), HttpError> {
/// let user = database.first("select * from users where id = $1", params![id]).await?;
/// let user = user.ok_or(NotFound)?;
/// # let _ = user;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFound;

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not found")
    }
}

impl Error for NotFound {}

impl From<NotFound> for HttpError {
    fn from(_: NotFound) -> Self {
        Self::not_found("there is no such resource")
    }
}

impl From<HttpError> for Reply {
    fn from(error: HttpError) -> Self {
        if let Some(failure) = error.failure {
            return Self::failure(failure.message, failure.detail);
        }
        let mut document = json!({
            "type": "about:blank",
            "title": phrase(error.status),
            "status": error.status,
            "detail": error.detail,
        });
        for (name, value) in error.members {
            if name != "status" && name != "detail" {
                document[name] = value;
            }
        }
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
        let error = match self.into().downcast::<HttpError>() {
            Ok(error) => return Reply::from(*error),
            Err(error) => error,
        };
        if error.is::<NotFound>() {
            return HttpError::from(NotFound).into();
        }
        Reply::failure(error.to_string(), causes(&*error))
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
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_problem_has_extensions() {
        let error = HttpError::forbidden("no credit")
            .problem_type("https://example.com/credit")
            .title("Out of credit")
            .extension("balance", &30)
            .extension("status", &1);
        let Ok((403, _, Content::Json(text))) = Reply::from(error).finish(None) else {
            panic!("not a document");
        };
        let expected = json!({
            "type": "https://example.com/credit", "title": "Out of credit", "status": 403,
            "detail": "no credit", "balance": 30,
        });
        assert_eq!(
            serde_json::from_str::<Value>(&text).expect("json"),
            expected
        );
        let broken = HttpError::forbidden("no").extension("a", &BTreeMap::from([((1, 2), 3)]));
        assert_eq!(broken.status(), 500);
    }

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
