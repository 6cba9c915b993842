//! Reads a request body within the route's size and time limits.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{EXPECT, HeaderMap};
use spikard_wasm_app::{Form, Refusal, read_multipart};
use spikard_wasm_runtime::{GuestBody, HttpCall, StreamBody, Upload};

use crate::reply_body::BodyError;

/// Maximum bytes of an unread body to discard, so that its connection can serve the next
/// request.
const MAX_DISCARD: u64 = 64 << 10;

/// Maximum time to discard an unread body.
const DISCARD_TIMEOUT: Duration = Duration::from_millis(500);

/// Request body as it arrives.
pub(crate) enum Inbound {
    /// From a client's connection.
    Client(Incoming),
    /// From another app of this host.
    App(StreamBody),
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Client(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::App(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Client(body) => body.is_end_stream(),
            Self::App(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Client(body) => body.size_hint(),
            Self::App(body) => body.size_hint(),
        }
    }
}

/// Request body that may not have arrived yet.
pub(crate) struct RequestBody {
    source: Source,
    /// True if the client sent `Expect` and waits for `100 Continue` before it sends the body.
    is_awaited: bool,
    has_ended: bool,
}

/// Current owner of the body.
enum Source {
    /// The host, which reads it.
    Host(Inbound),
    /// The guest, which reads it until the host takes it back.
    Guest(Upload<Inbound>),
    /// The body of a streamed reply.
    Reply,
}

impl RequestBody {
    /// Wraps the body of the request with these headers.
    pub(crate) fn new(incoming: Inbound, headers: &HeaderMap) -> Self {
        let has_ended = incoming.is_end_stream();
        let is_awaited = !has_ended && headers.contains_key(EXPECT);
        Self {
            source: Source::Host(incoming),
            is_awaited,
            has_ended,
        }
    }

    /// Returns the body if the host owns it.
    fn incoming(&mut self) -> Option<&mut Inbound> {
        match &mut self.source {
            Source::Host(incoming) => Some(incoming),
            Source::Guest(_) | Source::Reply => None,
        }
    }

    /// Returns the minimum body length in bytes that the request head declares.
    pub(crate) fn shortest(&self) -> u64 {
        match &self.source {
            Source::Host(incoming) => incoming.size_hint().lower(),
            Source::Guest(_) | Source::Reply => 0,
        }
    }

    /// Lends the body to a guest, which can read at most `limit` bytes within `timeout` in
    /// total.
    pub(crate) fn lend(
        &mut self,
        call: &Arc<HttpCall>,
        limit: u64,
        timeout: Duration,
    ) -> GuestBody<Inbound> {
        if self.has_ended {
            return GuestBody::Empty;
        }
        match std::mem::replace(&mut self.source, Source::Reply) {
            Source::Host(incoming) => {
                let (given, kept) = Upload::new(incoming, call.clone(), limit, timeout);
                self.source = Source::Guest(kept);
                GuestBody::Upload(given)
            }
            other => {
                self.source = other;
                GuestBody::Empty
            }
        }
    }

    /// Takes the host's half of a lent body, for a streamed reply whose guest still reads the
    /// body.
    pub(crate) fn take_lent(&mut self) -> Option<Upload<Inbound>> {
        match std::mem::replace(&mut self.source, Source::Reply) {
            Source::Guest(kept) => Some(kept),
            other => {
                self.source = other;
                None
            }
        }
    }

    /// Returns true if the body was read to its end.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// 413 if the body exceeds the limit (at once if its declared length does), 408 if it does
    /// not arrive in time, 400 if the connection fails.
    pub(crate) async fn read(&mut self, limit: u64, timeout: Duration) -> Result<Bytes, Refusal> {
        if self.has_ended {
            return Ok(Bytes::new());
        }
        if self.shortest() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        self.is_awaited = false;
        let Some(incoming) = self.incoming() else {
            return Ok(Bytes::new());
        };
        let read = tokio::time::timeout(timeout, collect(incoming, limit)).await;
        let bytes = read.unwrap_or(Err(Refusal::RequestTimeout))?;
        self.has_ended = true;
        Ok(bytes)
    }

    /// Parses a multipart form while it arrives; only its parts are kept in memory.
    ///
    /// # Errors
    /// Same as [`RequestBody::read`], and 400 for an invalid form.
    pub(crate) async fn read_form(
        &mut self,
        boundary: &str,
        limit: u64,
        timeout: Duration,
    ) -> Result<Form, Refusal> {
        if self.shortest() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        self.is_awaited = false;
        let Some(incoming) = self.incoming() else {
            return Ok(Form::default());
        };
        let form = read_multipart(boundary, pieces(incoming), limit);
        let form = tokio::time::timeout(timeout, form).await;
        form.unwrap_or(Err(Refusal::RequestTimeout))
    }

    /// Discards the rest of the body, so that its connection can serve the next request.
    /// Returns false if the rest is too long or does not arrive in time; then the connection
    /// must close, and the response must announce that.
    pub(crate) async fn discard(&mut self) -> bool {
        if self.has_ended {
            return true;
        }
        match &mut self.source {
            Source::Host(incoming) => discard(incoming, self.is_awaited).await,
            Source::Guest(kept) => match kept.take_back() {
                Some(mut rest) => discard(&mut rest, self.is_awaited).await,
                None => true,
            },
            Source::Reply => true,
        }
    }

    /// Takes the body back from a guest without reading it, for protocols in which no other
    /// request waits for the body. Always returns true.
    pub(crate) fn release(&mut self) -> bool {
        if let Source::Guest(kept) = &self.source {
            drop(kept.take_back());
        }
        true
    }
}

async fn discard<B: Body<Data = Bytes> + Unpin>(body: &mut B, is_awaited: bool) -> bool {
    if body.is_end_stream() {
        return true;
    }
    let left = body.size_hint().upper();
    if is_awaited || left.is_none_or(|left| left > MAX_DISCARD) {
        return false;
    }
    let rest = async {
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            read += frame.data_ref().map_or(0, Bytes::len) as u64;
            if read > MAX_DISCARD {
                return false;
            }
        }
        true
    };
    let rest = tokio::time::timeout(DISCARD_TIMEOUT, rest).await;
    rest.unwrap_or(false)
}

/// Streams the data of a body as it arrives.
fn pieces(body: &mut Inbound) -> impl Stream<Item = Result<Bytes, Refusal>> + Send {
    stream::unfold(body, async |body| {
        loop {
            let data = match body.frame().await? {
                Ok(frame) => frame.into_data().ok(),
                Err(error) => return Some((Err(unreadable(&error)), body)),
            };
            // Handlers cannot read trailers.
            if let Some(data) = data {
                return Some((Ok(data), body));
            }
        }
    })
}

fn unreadable(error: &BodyError) -> Refusal {
    Refusal::BadRequest(format!("the request body cannot be read: {error}"))
}

async fn collect(body: &mut Inbound, limit: u64) -> Result<Bytes, Refusal> {
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut length = 0_u64;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unreadable(&error))?;
        // Handlers cannot read trailers.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len() as u64);
        if length > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        // A body that arrives in a single chunk, as small ones do, is not copied.
        match first.take() {
            None if rest.is_empty() => first = Some(data),
            Some(begin) => {
                rest.extend_from_slice(&begin);
                rest.extend_from_slice(&data);
            }
            None => rest.extend_from_slice(&data),
        }
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}
