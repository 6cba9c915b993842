//! Response compression, with the encoders of tower-http.
//!
//! This module and `spikard_wasm_app` choose the coding instead of tower-http, which may answer
//! 406: that is wrong after the handler has run.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
};
use hyper::http::Extensions;
use hyper::{Request, Response, StatusCode, Version};
use spikard_wasm_app::Refusal;
use spikard_wasm_app::policy::{Algorithm, Coding, Compression};
use tower::{Layer, ServiceExt};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use super::headers::vary;
use crate::reply_body::ReplyBody;
use crate::response::{self, HttpResponse};

/// Maximum size of a body that is compressed before the response starts, so that its length is
/// known; takes about 1 ms. Longer bodies are compressed while they are sent.
const AT_ONCE: u64 = 64 << 10;

/// Bytes to compress before the worker's other tasks run.
const SLICE: usize = 32 << 10;

/// Compresses a response, if the policy and the response allow it.
pub(super) async fn compress(
    policy: &Compression,
    coding: Coding,
    mut response: HttpResponse,
) -> HttpResponse {
    // The cached response may be a compressed one, so the headers must match it.
    if response.status() == StatusCode::NOT_MODIFIED {
        weaken(response.headers_mut());
        vary(response.headers_mut(), "Accept-Encoding");
        return response;
    }
    let length = response::length(&response);
    let least = match coding {
        Coding::Encoded { always: true, .. } => 1,
        _ => policy.min_size.max(1),
    };
    if length.is_some_and(|length| length < least) || !is_compressible(&response) {
        return response;
    }
    vary(response.headers_mut(), "Accept-Encoding");
    let Coding::Encoded { algorithm, .. } = coding else {
        return response;
    };
    if is_unsent(response.body()) {
        return announce(algorithm, response);
    }
    let response = match length {
        Some(length) if length <= AT_ONCE => response,
        _ => response.map(slice),
    };
    let level = match algorithm {
        Algorithm::Gzip => policy.level.min(9),
        _ => policy.level,
    };
    let mut response = encode(algorithm, i32::from(level), response).await;
    weaken(response.headers_mut());
    if length.is_none_or(|length| length > AT_ONCE) {
        // An encoder may return some bytes after each slice of its source.
        return response.map(|body| ReplyBody::stream(YieldingBody::new(body)));
    }
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(whole) => Response::from_parts(parts, whole.to_bytes().into()),
        Err(error) => {
            tracing::error!(%error, "response compression failed");
            response::of_refusal(Refusal::Failed)
        }
    }
}

/// Returns true for a response to HEAD of a file: it has a length, but no body to compress.
fn is_unsent(body: &ReplyBody) -> bool {
    matches!(body, ReplyBody::Unsent) || body.size_hint().exact() == Some(0)
}

/// Gives a response to HEAD the headers of the compressed response, without the unknown length.
fn announce(algorithm: Algorithm, mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.remove(ACCEPT_RANGES);
    let coding = HeaderValue::from_static(algorithm.as_str());
    headers.insert(CONTENT_ENCODING, coding);
    weaken(headers);
    *response.body_mut() = ReplyBody::Unsent;
    response
}

fn is_compressible(response: &HttpResponse) -> bool {
    let headers = response.headers();
    let text = |name: HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let forbids_transform = text(CACHE_CONTROL)
        .split(',')
        .any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"));
    !matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT
    ) && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && !forbids_transform
        && Compression::is_compressible(text(CONTENT_TYPE))
}

/// Encodes a response with tower-http's layer, as if the client accepted only this coding.
async fn encode(algorithm: Algorithm, level: i32, response: HttpResponse) -> HttpResponse {
    let layer = CompressionLayer::new()
        .quality(CompressionLevel::Precise(level))
        .compress_when(|_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| true);
    // The inner service returns the response that the request carries.
    let service = layer.layer(tower::service_fn(|request: Request<HttpResponse>| {
        ready(Ok::<_, Infallible>(request.into_body()))
    }));
    let mut request = Request::new(response);
    let accepted = HeaderValue::from_static(algorithm.as_str());
    request.headers_mut().insert(ACCEPT_ENCODING, accepted);
    let Ok(response) = service.oneshot(request).await;
    response.map(ReplyBody::stream)
}

/// Makes the entity tag weak, because the compressed body differs from the original
/// (RFC 9110, section 8.8.1).
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers
        .get(ETAG)
        .filter(|tag| !tag.as_bytes().starts_with(b"W/"))
    else {
        return;
    };
    let weak = [b"W/", tag.as_bytes()].concat();
    if let Ok(weak) = HeaderValue::from_bytes(&weak) {
        headers.insert(ETAG, weak);
    }
}

/// Body that returns its content in slices.
struct SlicedBody {
    whole: Full<Bytes>,
    rest: Bytes,
}

impl Body for SlicedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.whole).poll_frame(cx)?) {
                Some(frame) => this.rest = frame.into_data().unwrap_or_default(),
                None => return Poll::Ready(None),
            }
        }
        let slice = this.rest.split_to(this.rest.len().min(SLICE));
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }
}

/// Body that yields to the worker's other tasks between frames.
struct YieldingBody<B> {
    body: B,
    has_yielded: bool,
}

impl<B> YieldingBody<B> {
    fn new(body: B) -> Self {
        Self {
            body,
            has_yielded: true,
        }
    }
}

impl<B: Body + Unpin> Body for YieldingBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        if !this.has_yielded {
            this.has_yielded = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        this.has_yielded = frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Slices a complete body, so that the encoder yields between slices.
fn slice(body: ReplyBody) -> ReplyBody {
    match body {
        ReplyBody::Whole(whole) => ReplyBody::stream(YieldingBody::new(SlicedBody {
            whole,
            rest: Bytes::new(),
        })),
        // A file is read asynchronously in chunks, so its encoder yields anyway.
        body => body,
    }
}
