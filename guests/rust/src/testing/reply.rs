//! The reply to a request of a test.

use serde::de::DeserializeOwned;

use crate::Content;

/// The reply of an app.
#[derive(Clone, Debug)]
pub struct TestReply {
    status: u16,
    headers: Vec<(String, String)>,
    content: Content,
    /// The content type that the host would set by default.
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

    /// Removes the content, which HTTP does not send, and keeps the head.
    pub(super) fn without_body(self) -> Self {
        Self {
            content: Content::Empty,
            ..self
        }
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the first header with a name. Names are case-insensitive. `content-type` defaults to
    /// the type that the host would set for the content.
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

    /// Returns all headers that the app and its policies set, in order.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Returns the content as it crosses the boundary.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Returns the content as text.
    ///
    /// # Panics
    /// If the content is bytes.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.content {
            Content::Empty => "",
            Content::Json(text) | Content::Text(text) => text,
            Content::Bytes(_) => panic!("the reply is bytes, not text"),
        }
    }

    /// Reads the content as JSON.
    ///
    /// # Panics
    /// If the content is not JSON of a `T`.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_str(self.text()) {
            Ok(value) => value,
            Err(error) => panic!("{error} in the reply {} `{}`", self.status, self.text()),
        }
    }

    /// Returns the message and the detail of the failure that the app reported.
    #[must_use]
    pub fn failure(&self) -> Option<(&str, &str)> {
        self.failure
            .as_ref()
            .map(|(message, detail)| (message.as_str(), detail.as_str()))
    }
}
