//! Compresses responses; the codings are those of tower-http.
//!
//! Which coding, and whether any, is decided here and in `spikard_wasm_app`: a
//! handler has run by then, so that 406 is no answer any more.

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

/// The longest body that is compressed before it is sent, so that its length is
/// known; about a millisecond's work. Longer ones are compressed while they are sent.
const AT_ONCE: u64 = 64 << 10;

/// How much of a body is compressed before the worker's other tasks have their turn.
const SLICE: usize = 32 << 10;

/// Compresses a response, if it gains by it.
pub(super) async fn compress(
    policy: &Compression,
    coding: Coding,
    mut response: HttpResponse,
) -> HttpResponse {
    // What a cache keeps was perhaps compressed: this must fit it too.
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
        // An encoder may have some bytes to give each time its source has it wait.
        return response.map(|body| ReplyBody::stream(Yielding::new(body)));
    }
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(whole) => Response::from_parts(parts, whole.to_bytes().into()),
        Err(error) => {
            tracing::error!(%error, "a response cannot be compressed");
            response::of_refusal(Refusal::Failed)
        }
    }
}

/// Whether there is no body to compress, though the response has a length: the answer
/// to HEAD of a file.
fn is_unsent(body: &ReplyBody) -> bool {
    matches!(body, ReplyBody::Unsent) || body.size_hint().exact() == Some(0)
}

/// Gives a response without its body the headers of the compressed one. The length
/// that compression would lead to is not known.
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
    let is_kept = text(CACHE_CONTROL)
        .split(',')
        .any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"));
    !matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::PARTIAL_CONTENT
    ) && !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && !is_kept
        && Compression::is_compressible(text(CONTENT_TYPE))
}

/// Puts the response through tower-http's layer, as the answer to a client that
/// accepts one coding.
async fn encode(algorithm: Algorithm, level: i32, response: HttpResponse) -> HttpResponse {
    let layer = CompressionLayer::new()
        .quality(CompressionLevel::Precise(level))
        .compress_when(|_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| true);
    // The service beneath the layer answers with what the request brings.
    let service = layer.layer(tower::service_fn(|request: Request<HttpResponse>| {
        ready(Ok::<_, Infallible>(request.into_body()))
    }));
    let mut request = Request::new(response);
    let accepted = HeaderValue::from_static(algorithm.as_str());
    request.headers_mut().insert(ACCEPT_ENCODING, accepted);
    let Ok(response) = service.oneshot(request).await;
    response.map(ReplyBody::stream)
}

/// An entity tag says that bodies are the same byte by byte, unless it is weak
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

/// A body in slices.
struct Slices {
    whole: Full<Bytes>,
    rest: Bytes,
}

impl Body for Slices {
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

/// A body between whose frames the worker's other tasks run.
struct Yielding<B> {
    body: B,
    has_yielded: bool,
}

impl<B> Yielding<B> {
    fn new(body: B) -> Self {
        Self {
            body,
            has_yielded: true,
        }
    }
}

impl<B: Body + Unpin> Body for Yielding<B> {
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

/// Slices a body, so that an encoder takes no more of it at once.
fn slice(body: ReplyBody) -> ReplyBody {
    match body {
        ReplyBody::Whole(whole) => ReplyBody::stream(Yielding::new(Slices {
            whole,
            rest: Bytes::new(),
        })),
        // A file is read in pieces, each of which is waited for.
        body => body,
    }
}
