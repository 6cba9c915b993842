//! The reply in progress, as the hooks after the handler see and change it.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::reply::{self, Failure, Fields};
use crate::{Content, IntoReply, Reply, host};

/// A reply that hooks may change before the client gets it.
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
    /// The body that the host has, once it was asked for.
    fetched: OnceCell<Content>,
    /// The body that a hook has set.
    content: Option<Content>,
    failure: Option<Failure>,
    changed: bool,
}

impl HookReply {
    /// `headers` is what crosses the boundary.
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

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Sets the status (200 to 599).
    pub fn set_status(&mut self, status: u16) {
        self.status = status;
        self.changed = true;
    }

    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers();
        fields
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All headers, in order. The host adds some of its own afterwards, such as
    /// `content-length` and those of the route's policies.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Sets a header, in place of all of that name.
    pub fn set_header(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) {
        let name = name.into();
        self.remove_header(&name);
        self.append_header(name, value);
    }

    /// Adds a header beside those of that name.
    pub fn append_header(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) {
        self.headers.push((name.into(), value.into()));
        self.changed = true;
    }

    /// Removes all headers of that name.
    pub fn remove_header(&mut self, name: &str) {
        let before = self.headers.len();
        self.headers
            .retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.changed |= self.headers.len() != before;
    }

    /// The body. It stays with the host until this is called.
    #[must_use]
    pub fn body(&self) -> &Content {
        match &self.content {
            Some(content) => content,
            None => self.fetched.get_or_init(host::reply::body),
        }
    }

    /// Sets the body, and the content type that goes with it: `Json(value)`, a text,
    /// bytes, [`Html`](crate::Html), anything a handler may return. Other headers
    /// and the status stay.
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

    /// Puts another reply in place of this one.
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

    /// What crosses the boundary, `None` where nothing has changed; or why the
    /// hooks failed.
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

/// A status, headers, and a body where it has changed.
pub(crate) type ReplyChange = (u16, String, Option<Content>);

impl Content {
    /// The bytes of the content.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Empty => &[],
            Self::Json(text) | Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The content as text: `None` for bytes that are not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Empty => Some(""),
            Self::Json(text) | Self::Text(text) => Some(text),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        }
    }
}
