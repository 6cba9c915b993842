//! A sender that answers from memory, and a task that uses it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty};
use serde_json::Value;
use spikard_wasm_app::Grants;

use super::super::*;
use crate::granted::keyvalue::stores::Stores;
use crate::outbound::{BodyError, Capabilities, Outbound, OutboundError, Sent, StreamBody};

/// A request as the sender got it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: http::HeaderMap,
    pub(super) body: String,
    pub(super) depth: u32,
}

impl Seen {
    /// Returns the value of a header, or an empty text.
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

/// Answers a request; `None` never answers.
type Answer = Box<dyn Fn(&Seen) -> Option<Sent> + Send + Sync>;

struct Fake {
    answer: Arc<Answer>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Outbound for Fake {
    fn send(
        &self,
        request: Request<StreamBody>,
        options: OutboundOptions,
    ) -> Pin<Box<dyn Future<Output = Sent> + Send>> {
        let (answer, seen) = (self.answer.clone(), self.seen.clone());
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let request = Seen {
                method: parts.method.to_string(),
                url: parts.uri.to_string(),
                headers: parts.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
                depth: options.depth,
            };
            seen.lock().unwrap().push(request.clone());
            match answer(&request) {
                Some(sent) => sent,
                None => std::future::pending().await,
            }
        })
    }
}

/// A task and its sender.
pub(super) struct Fixture {
    capabilities: Capabilities,
    seen: Arc<Mutex<Vec<Seen>>>,
    pub(super) current: Current,
    pub(super) resources: Resources,
}

impl Fixture {
    /// `answer` returns the response of a request, or `None` to never answer.
    pub(super) fn new(answer: impl Fn(&Seen) -> Option<Sent> + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut grants = Grants::default();
        grants.outgoing.timeout = Duration::from_secs(30);
        grants.outgoing.max_response = 1 << 20;
        Self {
            capabilities: Capabilities {
                grants: Arc::new(grants),
                outbound: Arc::new(Fake {
                    answer: Arc::new(Box::new(answer)),
                    seen: seen.clone(),
                }),
            },
            seen,
            current: Current::Nothing,
            resources: Resources::default(),
        }
    }

    /// Sets the time limit of the grant.
    pub(super) fn with_timeout(mut self, timeout: Duration) -> Self {
        let mut grants = Grants::clone(&self.capabilities.grants);
        grants.outgoing.timeout = timeout;
        self.capabilities.grants = Arc::new(grants);
        self
    }

    /// Answers each request with the same body, in these frames.
    pub(super) fn with_body(headers: &[(&str, &str)], frames: &[&[u8]]) -> Self {
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let frames: Vec<Bytes> = frames.iter().map(|it| Bytes::copy_from_slice(it)).collect();
        Self::new(move |_| {
            let mut response = Response::builder().status(200);
            for (name, value) in &headers {
                response = response.header(name, value);
            }
            let frames = frames.clone().into_iter().map(Ok);
            Some(Ok(response.body(streamed(stream::iter(frames))).unwrap()))
        })
    }

    pub(super) fn start(
        &mut self,
        kind: &str,
        head: &Value,
        body: &str,
    ) -> Result<Operation, Failed> {
        let stores = Stores::default();
        let databases = crate::operations::databases::open(
            "",
            &Grants::default(),
            &crate::limits::Limits::default(),
        )
        .unwrap();
        let services = Services {
            capabilities: &self.capabilities,
            stores: &stores,
            databases: &databases,
            defaults: None,
            component: "app.wasm",
            current: &self.current,
        };
        let body = match body {
            "" => Payload::Empty,
            text => Payload::Text(text.to_owned()),
        };
        let head = head.to_string();
        super::super::start(&services, &mut self.resources, kind, &head, body)
    }

    pub(super) async fn run(&mut self, kind: &str, head: &Value, body: &str) -> OperationResult {
        self.start(kind, head, body)?.await
    }

    /// Sends a request and returns the status, the head and the body of its result.
    pub(super) async fn fetch(&mut self, head: Value) -> Result<(u16, Value, Vec<u8>), Failed> {
        let outcome = self.run("fetch", &head, "").await?;
        let head = serde_json::from_str(&outcome.head).unwrap();
        Ok((outcome.status, head, outcome.body.as_bytes().to_vec()))
    }

    /// Reads a body to its end.
    pub(super) async fn rest(&mut self, head: &Value) -> Result<Vec<u8>, Failed> {
        let mut all = Vec::new();
        loop {
            let read = self.read(head).await?;
            assert!(read.body.as_bytes().len() <= 64 << 10);
            all.extend_from_slice(read.body.as_bytes());
            if read.head == r#"{"end":true}"# {
                return Ok(all);
            }
            assert_eq!(read.head, "");
        }
    }

    pub(super) async fn read(&mut self, head: &Value) -> OperationResult {
        let number = serde_json::json!({ "body": head["body"] });
        self.run("fetch.read", &number, "").await
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Returns a body of chunks.
pub(super) fn streamed(
    chunks: impl stream::Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
) -> StreamBody {
    use futures_util::StreamExt;
    http_body_util::StreamBody::new(chunks.map(|it| it.map(Frame::data))).boxed_unsync()
}

/// Returns an empty response.
pub(super) fn response(status: u16, headers: &[(&str, &str)]) -> Option<Sent> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let body = Empty::new().map_err(|never: Infallible| match never {});
    Some(Ok(response.body(body.boxed_unsync()).unwrap()))
}

/// Returns an error of the sender.
pub(super) fn error(error: OutboundError) -> Option<Sent> {
    Some(Err(error))
}

/// Polls an operation once.
pub(super) async fn poll_once(operation: &mut Operation) -> Poll<OperationResult> {
    poll_fn(|cx| Poll::Ready(operation.as_mut().poll(cx))).await
}
