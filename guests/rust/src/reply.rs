//! Replies: a status, headers and content, or a failure.

use std::borrow::Cow;

use serde::Serialize;

use crate::Content;

/// A reply under construction.
///
/// ```
/// # use spikard_wasm_sdk::{post, Reply};
/// #[post("/login")]
/// fn login() -> Reply {
///     Reply::text("welcome")
///         .header("set-cookie", "session=1; HttpOnly")
///         .header("set-cookie", "theme=dark")
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing unless a handler returns it"]
pub struct Reply {
    status: Option<u16>,
    headers: Fields,
    content: Content,
    failure: Option<Box<Failure>>,
}

/// Header fields, in order.
pub(crate) type Fields = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// A failure of a call, for the host's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) detail: String,
}

impl Default for Reply {
    fn default() -> Self {
        Self::new()
    }
}

impl Reply {
    /// Creates a reply without a body. Its status is that of the route, or 204.
    pub const fn new() -> Self {
        Self {
            status: None,
            headers: Vec::new(),
            content: Content::Empty,
            failure: None,
        }
    }

    /// Creates a JSON reply. A value that cannot be JSON is a failure.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        match serde_json::to_string(value) {
            Ok(text) => Self::new().content(Content::Json(text)),
            Err(error) => {
                Self::failure(format!("the reply cannot be written as JSON: {error}"), "")
            }
        }
    }

    /// Creates a reply of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().content(Content::Text(text.into()))
    }

    /// Creates a reply of HTML.
    pub fn html(page: impl Into<String>) -> Self {
        Self::text(page).header("content-type", "text/html; charset=utf-8")
    }

    /// Creates a reply of bytes.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new().content(Content::Bytes(bytes.into()))
    }

    /// Creates a failure: the client gets status 500 without details, and the host logs both
    /// texts.
    pub fn failure(message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of_failure(Failure {
            message: message.into(),
            detail: detail.into(),
        })
    }

    pub(crate) fn of_failure(failure: Failure) -> Self {
        Self {
            failure: Some(Box::new(failure)),
            ..Self::new()
        }
    }

    /// Sets the status, 200 to 599, instead of the route's.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds a header. A name can repeat, such as `set-cookie`. A `content-type` replaces the
    /// default of the content.
    pub fn header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Returns the status that [`status`](Self::status) has set, or that the reply will have
    /// unless the route sets another one.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        match (&self.failure, self.status) {
            (Some(_), _) => 500,
            (None, Some(status)) => status,
            (None, None) => default_status(&self.content),
        }
    }

    /// Returns true if the reply is a failure: the client gets status 500, and the host logs it.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.failure.is_some()
    }

    /// Sets the content.
    pub fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// Returns the status if the reply sets one, the headers and the content, or the failure.
    pub(crate) fn into_parts(self) -> Result<(Option<u16>, Fields, Content), Failure> {
        match self.failure {
            Some(failure) => Err(*failure),
            None => Ok((self.status, self.headers, self.content)),
        }
    }

    /// Returns the values that cross the boundary, or the failure. `status` is the route's.
    pub(crate) fn finish(self, status: Option<u16>) -> Result<(u16, String, Content), Failure> {
        let (own, headers, content) = self.into_parts()?;
        let status = own.or(status).unwrap_or_else(|| default_status(&content));
        Ok((status, head(status, &headers)?, content))
    }
}

/// Returns the status of a reply if neither the handler nor the route sets one.
pub(crate) fn default_status(content: &Content) -> u16 {
    if *content == Content::Empty { 204 } else { 200 }
}

/// Returns the headers as they cross the boundary, or a failure if HTTP does not allow the
/// status or a header.
pub(crate) fn head(
    status: u16,
    headers: &[(Cow<'static, str>, Cow<'static, str>)],
) -> Result<String, Failure> {
    if !(200..=599).contains(&status) {
        return Err(refusal(format!(
            "a reply's status is 200 to 599, not `{status}`"
        )));
    }
    for (name, value) in headers {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(refusal(format!(
                "`{}` is not a header name",
                name.escape_debug()
            )));
        }
        if value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            let value = value.escape_debug();
            return Err(refusal(format!(
                "the value `{value}` of header `{name}` holds CR, LF or NUL"
            )));
        }
    }
    if headers.is_empty() {
        return Ok(String::new());
    }
    serde_json::to_string(headers).map_err(|error| refusal(error.to_string()))
}

fn refusal(message: String) -> Failure {
    Failure {
        message,
        detail: String::new(),
    }
}

/// `tchar` of RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_the_replys_then_the_routes_then_by_content() {
        let status = |reply: Reply, route| reply.finish(route).expect("a reply").0;
        assert_eq!(status(Reply::text("a").status(202), Some(201)), 202);
        assert_eq!(status(Reply::text("a"), Some(201)), 201);
        assert_eq!(status(Reply::text("a"), None), 200);
        assert_eq!(status(Reply::new(), None), 204);
        assert_eq!(status(Reply::new(), Some(200)), 200);
    }

    #[test]
    fn a_reply_that_http_cannot_carry_is_a_failure() {
        let message = |reply: Reply| reply.finish(None).expect_err("a failure").message;
        assert_eq!(
            message(Reply::new().status(199)),
            "a reply's status is 200 to 599, not `199`"
        );
        assert_eq!(
            message(Reply::new().header("a b", "c")),
            "`a b` is not a header name"
        );
        assert_eq!(
            message(Reply::new().header("", "c")),
            "`` is not a header name"
        );
        assert_eq!(
            message(Reply::new().header("a", "b\r\nc: d")),
            r"the value `b\r\nc: d` of header `a` holds CR, LF or NUL"
        );
    }

    #[test]
    fn headers_cross_as_pairs_and_none_as_nothing() {
        let reply = Reply::html("<p>")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=\"2\"");
        let (status, headers, content) = reply.finish(None).expect("a reply");
        assert_eq!((status, content), (200, Content::Text("<p>".to_owned())));
        assert_eq!(
            headers,
            r#"[["content-type","text/html; charset=utf-8"],["set-cookie","a=1"],["set-cookie","b=\"2\""]]"#
        );
        assert_eq!(Reply::text("a").finish(None).expect("a reply").1, "");
    }

    #[test]
    fn json_that_cannot_be_written_is_a_failure() {
        let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
        let failure = Reply::json(&keys).finish(None).expect_err("a failure");
        assert!(
            failure.message.contains("key must be a string"),
            "{}",
            failure.message
        );
    }
}
