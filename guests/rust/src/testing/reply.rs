//! What an app answered to a test.

use serde::de::DeserializeOwned;

use crate::Content;

/// An app's reply.
#[derive(Clone, Debug)]
pub struct TestReply {
    status: u16,
    headers: Vec<(String, String)>,
    content: Content,
    /// The content type of a reply that names none.
    default_type: Option<&'static str>,
    failure: Option<(String, String)>,
}

impl TestReply {
    pub(super) fn new(
        status: u16,
        headers: Vec<(String, String)>,
        content: Content,
        failure: Option<(String, String)>,
    ) -> Self {
        let default_type = match content {
            Content::Empty => None,
            Content::Json(_) => Some("application/json"),
            Content::Text(_) => Some("text/plain; charset=utf-8"),
            Content::Bytes(_) => Some("application/octet-stream"),
        };
        Self {
            status,
            headers,
            content,
            default_type,
            failure,
        }
    }

    /// The reply without its content, which HTTP does not send: its head stays.
    pub(super) fn without_body(self) -> Self {
        Self {
            content: Content::Empty,
            ..self
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of that name, in any case. `content-type` falls back on
    /// what the content stands for, as with the host.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name));
        match found {
            Some((_, value)) => Some(value),
            None if name.eq_ignore_ascii_case("content-type") => self.default_type,
            None => None,
        }
    }

    /// All headers that the app and its policies set, in order.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The content as it crosses the boundary.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The content as text.
    ///
    /// # Panics
    /// Where the content is bytes.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.content {
            Content::Empty => "",
            Content::Json(text) | Content::Text(text) => text,
            Content::Bytes(_) => panic!("the reply is bytes, not text"),
        }
    }

    /// The content, read as JSON.
    ///
    /// # Panics
    /// Where the content is not JSON, or not that of a `T`.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_str(self.text()) {
            Ok(value) => value,
            Err(error) => panic!("{error} in the reply {} `{}`", self.status, self.text()),
        }
    }

    /// The failure the app reported: its message and its detail.
    #[must_use]
    pub fn failure(&self) -> Option<(&str, &str)> {
        self.failure
            .as_ref()
            .map(|(message, detail)| (message.as_str(), detail.as_str()))
    }
}
