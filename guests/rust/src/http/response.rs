//! Responses.

use std::borrow::Cow;

use futures_util::{Stream, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::task::{self, Completed, perform};
use crate::{Content, OperationError};

/// The response to a request. Its body arrives while you read it.
#[derive(Debug)]
pub struct Response {
    method: Cow<'static, str>,
    status: u16,
    head: Head,
    /// The bytes that arrived with the head.
    first: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct Head {
    #[serde(default)]
    url: String,
    #[serde(default)]
    redirected: bool,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// The number of a body that has not ended.
    body: Option<u64>,
}

#[derive(Serialize)]
struct BodyHead {
    body: u64,
}

#[derive(Deserialize)]
struct ChunkHead {
    #[serde(default)]
    end: bool,
}

impl Response {
    pub(super) fn new(
        method: Cow<'static, str>,
        completed: Completed,
    ) -> Result<Self, OperationError> {
        Ok(Self {
            method,
            status: completed.status,
            head: completed.head()?,
            first: completed.into_bytes(),
        })
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns true if the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the URL, after redirects.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.head.url
    }

    /// Returns true if the request was redirected.
    #[must_use]
    pub fn is_redirected(&self) -> bool {
        self.head.redirected
    }

    /// Returns the first header with a name. Names are case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.headers.iter();
        headers
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// Returns all headers, in order.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.head.headers
    }

    /// Returns an error if the status is 400 to 599.
    ///
    /// # Errors
    /// The code `status`, and the status as [`OperationError::status`].
    pub fn error_for_status(self) -> Result<Self, OperationError> {
        if (400..600).contains(&self.status) {
            let (method, url) = (&self.method, self.url());
            // A query can contain secrets.
            let url = url.split(['?', '#']).next().unwrap_or_default();
            return Err(OperationError::of_status(
                self.status,
                format!("`{method} {url}` answered with status {}", self.status),
            ));
        }
        Ok(self)
    }

    /// Returns the next bytes of the body, or `None` at its end.
    ///
    /// ```
    /// # use spikard_wasm_sdk::{HttpError, http};
    /// # async fn example() -> Result<(), HttpError> {
    /// let mut response = http::get("https://example.com/large").await?;
    /// let mut size = 0;
    /// while let Some(chunk) = response.chunk().await? {
    ///     size += chunk.len();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the rest of the body cannot be read.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, OperationError> {
        let first = std::mem::take(&mut self.first);
        if !first.is_empty() {
            return Ok(Some(first));
        }
        while let Some(body) = self.head.body {
            let completed = match perform("fetch.read", &BodyHead { body }, Content::Empty).await {
                Ok(completed) => completed,
                Err(error) => {
                    self.head.body = None;
                    return Err(error);
                }
            };
            if completed.head::<ChunkHead>()?.end {
                self.head.body = None;
            }
            let bytes = completed.into_bytes();
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Returns the rest of the body as a stream, for example for
    /// [`send_stream`](super::RequestBuilder::send_stream). After an error it ends.
    pub fn chunks(self) -> impl Stream<Item = Result<Vec<u8>, OperationError>> {
        stream::unfold(Some(self), async |response| {
            let mut response = response?;
            match response.chunk().await {
                Ok(None) => None,
                Ok(Some(chunk)) => Some((Ok(chunk), Some(response))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Returns the whole body.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn bytes(mut self) -> Result<Vec<u8>, OperationError> {
        let mut bytes = std::mem::take(&mut self.first);
        while let Some(chunk) = self.chunk().await? {
            bytes.extend(chunk);
        }
        Ok(bytes)
    }

    /// Returns the whole body as text. Bytes that are not UTF-8 become `U+FFFD`.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk).
    pub async fn text(self) -> Result<String, OperationError> {
        let bytes = self.bytes().await?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Reads the whole body as JSON.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and if the body is not a `T` (code `conversion`).
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, OperationError> {
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| OperationError::conversion(format!("the body does not fit: {error}")))
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if let Some(body) = self.head.body {
            task::clean_up(async move {
                // The body ends with the request at the latest.
                let _ = perform("fetch.close", &BodyHead { body }, Content::Empty).await;
            });
        }
    }
}
