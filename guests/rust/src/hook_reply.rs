//! The reply in progress, which hooks after the handler can read and change.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::reply::{self, Failure, Fields};
use crate::{Content, IntoReply, Reply, host};

/// The reply in progress. A hook can change it before the client gets it.
///
/// ```
/// # use spikard_wasm_sdk::{App, HookReply};
/// let app = App::new("users").on_response(|reply| {
///     reply.set_header("x-app", "users");
///     if reply.status() == 404 {
///         reply.set_body("there is nothing here");
///     }
/// });
/// ```
#[derive(Debug)]
pub struct HookReply {
    status: u16,
    headers: Fields,
    /// The body from the host, once a hook has asked for it.
    fetched: OnceCell<Content>,
    /// The body that a hook has set.
    content: Option<Content>,
    failure: Option<Failure>,
    changed: bool,
}

impl HookReply {
    /// Creates the reply from the JSON text of its headers.
    pub(crate) fn new(status: u16, headers: &str) -> Result<Self, serde_json::Error> {
        let headers = if headers.is_empty() {
            Vec::new()
        } else {
            serde_json::from_str(headers)?
        };
        Ok(Self {
            status,
            headers,
            fetched: OnceCell::new(),
            content: None,
            failure: None,
            changed: false,
        })
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Sets the status (200 to 599).
    pub fn set_status(&mut self, status: u16) {
        self.status = status;
        self.changed = true;
    }

    /// Returns the first header with a name. Names are case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers();
        fields
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns all headers in order. The host adds more afterwards, such as `content-length`
    /// and the headers of the route's policies.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Replaces every header with a name by one.
    pub fn set_header(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) {
        let name = name.into();
        self.remove_header(&name);
        self.append_header(name, value);
    }

    /// Adds a header and keeps those with the same name.
    pub fn append_header(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) {
        self.headers.push((name.into(), value.into()));
        self.changed = true;
    }

    /// Removes every header with a name.
    pub fn remove_header(&mut self, name: &str) {
        let before = self.headers.len();
        self.headers
            .retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.changed |= self.headers.len() != before;
    }

    /// Returns the body. The first call fetches it from the host.
    #[must_use]
    pub fn body(&self) -> &Content {
        match &self.content {
            Some(content) => content,
            None => self.fetched.get_or_init(host::reply::body),
        }
    }

    /// Sets the body and its content type. The body is anything that a handler can return, such
    /// as `Json(value)`, text, bytes or [`Html`](crate::Html). The status and the other headers
    /// stay.
    pub fn set_body(&mut self, body: impl IntoReply) {
        match body.into_reply().into_parts() {
            Ok((_, headers, content)) => {
                self.remove_header("content-type");
                let content_type = headers
                    .into_iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
                self.headers.extend(content_type);
                self.content = Some(content);
                self.changed = true;
            }
            Err(failure) => self.failure = Some(failure),
        }
    }

    /// Replaces this reply by another one.
    pub(crate) fn replace(&mut self, reply: Reply) {
        match reply.into_parts() {
            Ok((status, headers, content)) => {
                self.status = status.unwrap_or_else(|| reply::default_status(&content));
                self.headers = headers;
                self.content = Some(content);
                self.changed = true;
            }
            Err(failure) => self.failure = Some(failure),
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Returns the change for the host, or `None` if nothing changed.
    ///
    /// # Errors
    /// The failure of a hook, or a status or header that HTTP does not allow.
    pub(crate) fn finish(self) -> Result<Option<ReplyChange>, Failure> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if !self.changed {
            return Ok(None);
        }
        let headers = reply::head(self.status, &self.headers)?;
        Ok(Some((self.status, headers, self.content)))
    }
}

/// The status and headers of a changed reply, and its body if that changed.
pub(crate) type ReplyChange = (u16, String, Option<Content>);

impl Content {
    /// Returns the bytes of the content.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Empty => &[],
            Self::Json(text) | Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// Returns the content as text, or `None` for bytes that are not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Empty => Some(""),
            Self::Json(text) | Self::Text(text) => Some(text),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        }
    }
}
