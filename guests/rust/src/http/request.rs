//! Requests.

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, stream};
use serde::Serialize;

use super::response::Response;
use super::upload::{self, Chunk};
use crate::task::perform;
use crate::{Content, OperationError};

/// What a request does with redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirects {
    /// Follows at most 20. The default.
    Follow,
    /// Returns the response with the status 3xx.
    Manual,
    /// Fails.
    Error,
}

/// A request under construction; [`send`](Self::send) sends it.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    head: Head,
    body: Content,
    /// The first argument that could not be written.
    fault: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Head {
    method: Cow<'static, str>,
    url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<Redirects>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<u64>,
}

impl RequestBuilder {
    pub(super) fn new(method: Cow<'static, str>, url: String) -> Self {
        Self {
            head: Head {
                method,
                url,
                headers: Vec::new(),
                redirect: None,
                timeout_ms: None,
                upload: None,
            },
            body: Content::Empty,
            fault: None,
        }
    }

    /// Adds a header. A name can repeat.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.head.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a header unless the request has it.
    fn default_header(self, name: &str, value: &str) -> Self {
        let mut headers = self.head.headers.iter();
        if headers.any(|(have, _)| have.eq_ignore_ascii_case(name)) {
            return self;
        }
        self.header(name, value)
    }

    /// Sets the header `authorization` to a bearer token.
    pub fn bearer_auth(self, token: impl Display) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sets the header `authorization` to a user name and a password.
    pub fn basic_auth(self, user: impl Display, password: impl Display) -> Self {
        let credentials = STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", format!("Basic {credentials}"))
    }

    /// Appends parameters to the URL: a slice of pairs, a map or a struct.
    pub fn query<T: Serialize + ?Sized>(mut self, query: &T) -> Self {
        match serde_urlencoded::to_string(query) {
            Ok(query) if query.is_empty() => {}
            Ok(query) => {
                let url = &mut self.head.url;
                let end = url.find('#').unwrap_or(url.len());
                let separator = match url[..end].find('?') {
                    None => "?",
                    Some(at) if at + 1 == end => "",
                    Some(_) => "&",
                };
                url.insert_str(end, &format!("{separator}{query}"));
            }
            Err(error) => self.fail(&error),
        }
        self
    }

    /// Sets a JSON body and its content type.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_string(value) {
            Ok(json) => self.body = Content::Json(json),
            Err(error) => self.fail(&error),
        }
        self.default_header("content-type", "application/json")
    }

    /// Sets a form as body, `application/x-www-form-urlencoded`.
    pub fn form<T: Serialize + ?Sized>(mut self, form: &T) -> Self {
        match serde_urlencoded::to_string(form) {
            Ok(form) => self.body = Content::Text(form),
            Err(error) => self.fail(&error),
        }
        self.default_header("content-type", "application/x-www-form-urlencoded")
    }

    /// Sets a body of bytes or text, without a content type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Content::Bytes(body.into());
        self
    }

    /// Sets how long the request waits for the head of the response. The default and the maximum
    /// are the operator's. [`timeout`](crate::timeout) limits the time of the body as well.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.head.timeout_ms = Some(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Sets what the request does with redirects.
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.head.redirect = Some(redirects);
        self
    }

    /// Sends the request and waits for the head of the response. A status such as 404 is not an
    /// error: see [`Response::error_for_status`].
    ///
    /// # Errors
    /// If the operator has not granted the origin (code `denied`), it cannot be reached
    /// (`unavailable`), or does not answer in time (`timeout`).
    pub async fn send(self) -> Result<Response, OperationError> {
        self.check()?;
        let completed = perform("fetch", &self.head, self.body).await?;
        Response::new(self.head.method, completed)
    }

    /// As [`send`](Self::send), with a body that a stream produces meanwhile. The next chunk is
    /// taken when the connection can take more. Give the request a `content-type`; it is sent in
    /// chunks, without a `content-length`.
    ///
    /// A response that begins before the end of the body ends the upload.
    ///
    /// ```
    /// # use futures::stream;
    /// # use spikard_wasm_sdk::{HttpError, http};
    /// # async fn example() -> Result<(), HttpError> {
    /// let lines = stream::iter(0..1_000_000).map(|number| format!("{number}\n"));
    /// # use futures::StreamExt;
    /// let request = http::Client::new().post("https://example.com/numbers");
    /// request.header("content-type", "text/plain").send_stream(lines).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send), and the error of a chunk, which ends the request.
    pub async fn send_stream<C: Chunk>(
        mut self,
        chunks: impl Stream<Item = C>,
    ) -> Result<Response, OperationError> {
        self.check()?;
        let upload = upload::next_number();
        self.head.upload = Some(upload);
        let request = perform("fetch", &self.head, self.body);
        let completed = upload::send(request, upload, chunks).await?;
        Response::new(self.head.method, completed)
    }

    /// As [`send_stream`](Self::send_stream), with the chunks of an iterator.
    ///
    /// ```
    /// # use spikard_wasm_sdk::{HttpError, http};
    /// # async fn example() -> Result<(), HttpError> {
    /// let lines = (0..1_000_000).map(|number| format!("{number}\n"));
    /// let request = http::Client::new().post("https://example.com/numbers");
    /// request.header("content-type", "text/plain").send_chunks(lines).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`send_stream`](Self::send_stream).
    pub async fn send_chunks<C: Chunk>(
        self,
        chunks: impl IntoIterator<Item = C>,
    ) -> Result<Response, OperationError> {
        self.send_stream(stream::iter(chunks)).await
    }

    fn check(&self) -> Result<(), OperationError> {
        match &self.fault {
            None => Ok(()),
            Some(fault) => {
                let message = format!("the request to `{}`: {fault}", self.head.url);
                Err(OperationError::new("invalid", message))
            }
        }
    }

    fn fail(&mut self, error: &dyn Display) {
        self.fault.get_or_insert_with(|| error.to_string());
    }
}
