//! The way of a request to an app for `wasi:http`: every path is the app's own affair, so
//! there are no routes, no checks and no policies, and bodies go through as they come.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{EXPECT, HOST, HeaderValue, TRAILER};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};
use spikard_wasm_app::{Isolation, Refusal};
use spikard_wasm_runtime::{
    GuestBody, HttpBody, HttpCall, HttpFailure, HttpOptions, HttpReply, HttpStream, Kind, Stamp,
    Upload, UploadError,
};

use crate::access::Access;
use crate::admission::{Admitted, Requests};
use crate::body::{self, Inbound};
use crate::failure::Failed;
use crate::metrics::{self, Figures, Taken, WorkerFigures};
use crate::reply_body::{BodyError, ReplyBody};
use crate::request::RequestId;
use crate::response::{self, HttpResponse};
use crate::served::Served;
use crate::service::{self, AppName, Arrival};
use crate::worker::Shared;

/// What stands for a route in metrics and in the log.
pub(crate) const ROUTE: &str = "*";

/// What holds for the requests of an app for `wasi:http`.
#[derive(Debug, Clone, Copy)]
pub struct HttpSettings {
    /// Whether its requests share instances.
    pub isolation: Isolation,
    /// How long the head of a reply may take, and then each piece of its body.
    pub timeout: Duration,
    /// The longest request body, in bytes.
    pub body_limit: u64,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            isolation: Isolation::Fresh,
            timeout: Duration::from_secs(30),
            body_limit: u64::MAX,
        }
    }
}

/// What the requests of one worker to an app for `wasi:http` share.
pub(crate) struct HttpApp {
    kind: Kind,
    name: AppName,
    pool: service::Kept,
    requests: Arc<Requests>,
    figures: Arc<WorkerFigures>,
    served: Option<Arc<Figures>>,
    settings: HttpSettings,
    body_timeout: Duration,
    server_timing: bool,
}

/// What is known of a request when it is answered.
struct Seen<'a> {
    app: Option<&'a str>,
    access: Option<Access>,
    figures: &'a WorkerFigures,
    start: Stamp,
    id: RequestId,
    call: Arc<HttpCall>,
    replied: Option<Stamp>,
    is_answered: bool,
}

impl Seen<'_> {
    fn taken(&self) -> Taken {
        let now = Stamp::now();
        let respond = self.replied.map_or(0, |replied| now.since(replied));
        Taken::new(now.since(self.start), respond, Some(self.call.stages()))
    }

    fn answered(&mut self, response: &mut HttpResponse, server_timing: bool) {
        self.is_answered = true;
        let taken = self.taken();
        self.figures
            .record(None, response.status().as_u16(), &taken);
        if server_timing {
            response::timed(response, &taken);
        }
        if let Some(access) = self.access.take() {
            access.end(&self.id, (self.app, Some(ROUTE)), &taken, response);
        }
    }
}

impl Drop for Seen<'_> {
    /// hyper drops what answers a request when its client goes away.
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let taken = self.taken();
        self.figures.record(None, metrics::CLIENT_CLOSED, &taken);
        if let Some(access) = self.access.take() {
            access.give_up(&self.id, (self.app, Some(ROUTE)), &taken);
        }
    }
}

/// The host's half of a request's body.
struct Kept {
    upload: Option<Upload<Inbound>>,
    /// The client sends the body only once it is asked for.
    is_awaited: bool,
}

impl Kept {
    /// Takes the body back, and drops what is left of it. False where its connection
    /// cannot serve another request.
    async fn discard(&self) -> bool {
        match self.upload.as_ref().and_then(Upload::take_back) {
            Some(mut left) => body::discard(&mut left, self.is_awaited).await,
            None => true,
        }
    }
}

impl HttpApp {
    pub(crate) fn new(
        served: &Served,
        shared: &Shared,
        figures: Arc<WorkerFigures>,
        pool: service::Kept,
    ) -> Self {
        let settings = &served.settings;
        Self {
            name: served.name.clone(),
            kind: served.component.kind(),
            pool,
            requests: shared.requests.clone(),
            figures,
            served: shared.metrics_beside(&served.mount),
            settings: settings.http,
            body_timeout: settings.body_timeout,
            server_timing: settings.server_timing,
        }
    }

    /// Answers a request. A panic in here, which is a defect of the host, ends this
    /// request alone.
    pub(crate) async fn respond(&self, request: Request<Inbound>, from: Arrival) -> HttpResponse {
        let (parts, body) = request.into_parts();
        let is_http1 = parts.version < Version::HTTP_2;
        let (id, number) = RequestId::next_number();
        let call = Arc::new(HttpCall::new(number, from.depth, Failed::later));
        let mut seen = Seen {
            app: self.name.as_deref(),
            access: Access::begin(&parts.method, from.sent.as_ref().unwrap_or(&parts.uri)),
            figures: &self.figures,
            start: Stamp::now(),
            id,
            call,
            replied: None,
            is_answered: false,
        };
        let is_head = parts.method == Method::HEAD;
        let (given, mut kept) = self.split(&parts, body, &seen.call);
        let answer = self.answer(parts, given, &mut kept, &mut seen);
        let answer = AssertUnwindSafe(answer).catch_unwind().await;
        let answer = answer.unwrap_or_else(|_| {
            tracing::error!(request = %seen.id, "the host itself failed; this is a defect of spikard-wasm");
            Err(Refusal::Failed)
        });
        let response = answer.unwrap_or_else(|refusal| {
            let response = response::of_refusal(refusal);
            match is_head {
                true => response::without_body(response),
                false => response,
            }
        });
        let is_whole = !matches!(response.body(), ReplyBody::Stream(_));
        let mut response = match is_whole && !kept.discard().await && is_http1 {
            true => response::closing(response),
            false => response,
        };
        seen.answered(&mut response, self.server_timing);
        response
    }

    /// The guest's half of a body, and the host's.
    fn split(
        &self,
        parts: &Parts,
        body: Inbound,
        call: &Arc<HttpCall>,
    ) -> (GuestBody<Inbound>, Kept) {
        let is_awaited = parts.headers.contains_key(EXPECT);
        let (given, upload) = match body.is_end_stream() {
            true => (GuestBody::Empty, None),
            false => {
                let limit = self.settings.body_limit;
                let (given, kept) = Upload::new(body, call.clone(), limit, self.body_timeout);
                (GuestBody::Upload(given), Some(kept))
            }
        };
        let kept = Kept { upload, is_awaited };
        (given, kept)
    }

    async fn answer(
        &self,
        mut parts: Parts,
        body: GuestBody<Inbound>,
        kept: &mut Kept,
        seen: &mut Seen<'_>,
    ) -> Result<HttpResponse, Refusal> {
        let admitted = self.requests.enter()?;
        if let Some(figures) = &self.served
            && parts.uri.path() == metrics::PATH
        {
            return Ok(figures.answer(&parts.method).map(ReplyBody::from));
        }
        if parts.method == Method::CONNECT {
            // Its answer would make the connection a tunnel.
            return Err(Refusal::MethodNotAllowed {
                allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE".to_owned(),
            });
        }
        has_host(&mut parts)?;
        let limit = self.settings.body_limit;
        if body.size_hint().lower() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        let options = HttpOptions {
            isolation: self.settings.isolation,
            deadline: self.settings.timeout,
            is_head: parts.method == Method::HEAD,
        };
        let request = Request::from_parts(parts, body);
        let reply = match self.kind {
            Kind::Service => self.pool.shared().serve(request, &seen.call, options).await,
            Kind::Handler | Kind::Proxy => {
                self.pool.shared().proxy(request, &seen.call, options).await
            }
        };
        seen.replied = Some(Stamp::now());
        match reply {
            Ok(reply) => Ok(of_reply(reply, kept, admitted)),
            Err(HttpFailure::Call(error)) => Err(Failed::of_http(error, &seen.id).into_refusal()),
            Err(HttpFailure::Upload(UploadError::TooLarge(limit))) => {
                Err(Refusal::BodyTooLarge { limit })
            }
            Err(HttpFailure::Upload(UploadError::Late)) => Err(Refusal::RequestTimeout),
            Err(HttpFailure::Upload(UploadError::Broken(why))) => Err(Refusal::BadRequest(
                format!("the request body cannot be read: {why}"),
            )),
        }
    }
}

/// Checks that a request names its host, which `wasi:http` asks for.
fn has_host(parts: &mut Parts) -> Result<(), Refusal> {
    if parts.uri.authority().is_some() {
        return Ok(());
    }
    match parts.headers.get(HOST) {
        Some(host) if host.to_str().is_ok() => Ok(()),
        None if parts.version < Version::HTTP_11 => {
            let host = HeaderValue::from_static("localhost");
            parts.headers.insert(HOST, host);
            Ok(())
        }
        _ => Err(Refusal::BadRequest(
            "the request does not name its host".to_owned(),
        )),
    }
}

/// Makes the response of a reply. The host alone frames it.
fn of_reply(reply: HttpReply, kept: &mut Kept, admitted: Admitted) -> HttpResponse {
    let (status, mut headers) = (reply.status, reply.headers);
    for name in &response::OF_CONNECTION {
        headers.remove(name);
    }
    let body = match reply.body {
        HttpBody::Whole(bytes) => {
            // What it announces does not come.
            headers.remove(TRAILER);
            ReplyBody::from(bytes)
        }
        HttpBody::Stream(stream) => ReplyBody::stream(Streamed {
            stream,
            upload: kept.upload.take(),
            _admitted: admitted,
        }),
        HttpBody::Unsent(length) => response::unsent(
            &mut headers,
            length.filter(|_| status != StatusCode::NOT_MODIFIED),
        ),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The body of a reply that is still made, with what belongs to its request until then.
struct Streamed {
    stream: Box<HttpStream>,
    upload: Option<Upload<Inbound>>,
    _admitted: Admitted,
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.get_mut().stream).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.stream.size_hint()
    }
}

impl Drop for Streamed {
    /// What the guest still holds of the request's body must not hold up the connection.
    fn drop(&mut self) {
        drop(self.upload.as_ref().and_then(Upload::take_back));
    }
}
