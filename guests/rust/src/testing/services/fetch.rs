//! Outgoing requests, which a closure of the test answers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::input::{bytes, read};
use super::outcome::{Fault, Outcome};
use crate::{Content, OperationError};

/// An outgoing request of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutgoingRequest {
    /// The method, in upper case.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl OutgoingRequest {
    /// Returns the first header with a name. Names are case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }
}

/// The reply to an outgoing request.
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing unless the closure returns it"]
pub struct OutgoingReply {
    status: u16,
    headers: Vec<(String, String)>,
    chunks: Vec<Vec<u8>>,
    delay: Duration,
    error: Option<OperationError>,
}

impl OutgoingReply {
    /// Creates a reply without a body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            chunks: Vec::new(),
            delay: Duration::ZERO,
            error: None,
        }
    }

    /// Creates a JSON reply.
    ///
    /// # Panics
    /// If the value cannot be JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Self::new(200)
                .header("content-type", "application/json")
                .chunk(json),
            Err(error) => panic!("the reply cannot be written as JSON: {error}"),
        }
    }

    /// Creates a reply of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(200)
            .header("content-type", "text/plain; charset=utf-8")
            .chunk(text.into())
    }

    /// Creates a request that fails, with the code of an
    /// [`OperationError`](crate::OperationError) such as `unavailable`.
    pub fn error(code: &str, message: &str) -> Self {
        Self {
            error: Some(OperationError::new(code, message)),
            ..Self::new(0)
        }
    }

    /// Sets the status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds bytes to the body. Each chunk arrives on its own.
    pub fn chunk(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.chunks.push(bytes.into());
        self
    }

    /// Sets how long the reply takes, in the client's virtual time.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

type Answer = Box<dyn FnMut(OutgoingRequest) -> OutgoingReply>;

/// The closure, and the bodies that have not ended.
#[derive(Default)]
pub(crate) struct Fetch {
    pub(crate) answer: Option<Answer>,
    bodies: BTreeMap<u64, Vec<Vec<u8>>>,
    next: u64,
    /// The requests whose body has not ended, by the task and the upload.
    uploads: BTreeMap<(u32, u64), Upload>,
}

/// A request whose body has not ended.
struct Upload {
    op: u32,
    head: Head,
    body: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[expect(dead_code, reason = "the closure decides")]
    redirect: Option<String>,
    timeout_ms: Option<u64>,
    #[expect(dead_code, reason = "the closure decides")]
    decompress: Option<bool>,
    upload: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteHead {
    upload: u64,
    #[serde(default)]
    end: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyHead {
    body: u64,
}

fn get() -> String {
    "GET".to_owned()
}

impl Fetch {
    /// Ends what belongs to a task.
    pub(super) fn end(&mut self, task: u32) {
        self.uploads.retain(|(of, _), _| *of != task);
    }

    /// Ends the upload of an operation.
    pub(super) fn abandon(&mut self, op: u32) {
        self.uploads.retain(|_, upload| upload.op != op);
    }

    pub(super) fn perform(
        &mut self,
        task: u32,
        op: u32,
        operation: &str,
        head: &str,
        body: &Content,
    ) -> Result<Outcome, Fault> {
        match operation {
            "" => {
                let head: Head = read(head)?;
                let body = bytes(body).to_vec();
                let upload = head.upload.filter(|_| self.answer.is_some());
                let Some(upload) = upload else {
                    return self.fetch(head, body);
                };
                let waiting = Upload { op, head, body };
                self.uploads.insert((task, upload), waiting);
                Ok(Outcome::pending())
            }
            "write" => {
                let WriteHead { upload, end } = read(head)?;
                let found = self.uploads.get_mut(&(task, upload));
                let sent = found.ok_or_else(|| {
                    Fault::new("invalid", format!("there is no upload `{upload}`"))
                })?;
                sent.body.extend_from_slice(bytes(body));
                let mut result = Outcome::new(200);
                if end && let Some(Upload { op, head, body }) = self.uploads.remove(&(task, upload))
                {
                    let reply = self.fetch(head, body).unwrap_or_else(Outcome::from);
                    result.ends = Some((op, Box::new(reply)));
                }
                Ok(result)
            }
            "read" => {
                let BodyHead { body } = read(head)?;
                let chunks = self.bodies.get_mut(&body);
                let chunks = chunks
                    .ok_or_else(|| Fault::new("invalid", format!("there is no body `{body}`")))?;
                let chunk = chunks.remove(0);
                let mut result = Outcome::new(200).body(Content::Bytes(chunk));
                if chunks.is_empty() {
                    self.bodies.remove(&body);
                    result = result.head(&json!({"end": true}));
                }
                Ok(result)
            }
            "close" => {
                let BodyHead { body } = read(head)?;
                self.bodies.remove(&body);
                Ok(Outcome::new(200).at_once())
            }
            _ => Err(Fault::new(
                "unknown-kind",
                format!("there is no operation `fetch.{operation}`"),
            )),
        }
    }

    fn fetch(&mut self, head: Head, body: Vec<u8>) -> Result<Outcome, Fault> {
        let Some(answer) = &mut self.answer else {
            let url = &head.url;
            return Err(Fault::new(
                "denied",
                format!("`{url}` is not granted; answer it with `TestClient::with_fetch`"),
            ));
        };
        let url = head.url.clone();
        let reply = answer(OutgoingRequest {
            method: head.method,
            url: head.url,
            headers: head.headers,
            body,
        });
        let limit = head.timeout_ms.map(Duration::from_millis);
        if let Some(limit) = limit.filter(|limit| *limit < reply.delay) {
            let fault = Fault::new("timeout", format!("`{url}` did not answer in {limit:?}"));
            return Ok(Outcome::from(fault).after(limit));
        }
        if let Some(error) = reply.error {
            let fault = Fault::new(error.code(), error.message());
            return Ok(Outcome::from(fault).after(reply.delay));
        }
        let mut chunks = reply.chunks;
        let first = if chunks.is_empty() {
            Vec::new()
        } else {
            chunks.remove(0)
        };
        let mut head = json!({"url": url, "redirected": false, "headers": reply.headers});
        if !chunks.is_empty() {
            self.next += 1;
            self.bodies.insert(self.next, chunks);
            head["body"] = json!(self.next);
        }
        Ok(Outcome::new(reply.status)
            .head(&head)
            .body(Content::Bytes(first))
            .after(reply.delay))
    }
}
