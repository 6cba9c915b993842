//! Reads a request's body, up to the route's limit and in time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use spikard_wasm_app::{Form, Refusal, read_multipart};
use spikard_wasm_runtime::StreamBody;

use crate::reply_body::BodyError;

/// How much of a body that nobody wanted is read, so that its connection can serve
/// the next request.
const MAX_DISCARD: u64 = 64 << 10;

/// How long such a body is waited for.
const DISCARD_TIMEOUT: Duration = Duration::from_millis(500);

/// The body of a request as it arrives.
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

/// The body of a request, which may still be on its way.
pub(crate) struct RequestBody {
    incoming: Inbound,
    /// The client sends the body only once it is asked for.
    is_awaited: bool,
    has_ended: bool,
}

impl RequestBody {
    /// `is_awaited`: the client sent `Expect: 100-continue`.
    pub(crate) fn new(incoming: Inbound, is_awaited: bool) -> Self {
        let has_ended = incoming.is_end_stream();
        Self {
            incoming,
            is_awaited,
            has_ended,
        }
    }

    /// Whether there is nothing to read any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Reads a body completely.
    ///
    /// # Errors
    /// 413 past the limit, which a declared length past it is at once; 408 when it
    /// does not arrive in time; 400 when the connection fails it.
    pub(crate) async fn read(&mut self, limit: u64, timeout: Duration) -> Result<Bytes, Refusal> {
        if self.has_ended {
            return Ok(Bytes::new());
        }
        if self.incoming.size_hint().lower() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        self.is_awaited = false;
        let read = tokio::time::timeout(timeout, collect(&mut self.incoming, limit)).await;
        let bytes = read.unwrap_or(Err(Refusal::RequestTimeout))?;
        self.has_ended = true;
        Ok(bytes)
    }

    /// Reads a multipart form as it arrives, without keeping the body beside its parts.
    ///
    /// # Errors
    /// As [`RequestBody::read`], and 400 for what is not a form.
    pub(crate) async fn read_form(
        &mut self,
        boundary: &str,
        limit: u64,
        timeout: Duration,
    ) -> Result<Form, Refusal> {
        if self.incoming.size_hint().lower() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        self.is_awaited = false;
        let form = read_multipart(boundary, pieces(&mut self.incoming), limit);
        let form = tokio::time::timeout(timeout, form).await;
        form.unwrap_or(Err(Refusal::RequestTimeout))
    }

    /// Reads and drops what is left of a body. False where that is too much or does
    /// not arrive: its connection cannot serve another request then, and the response
    /// must say so.
    pub(crate) async fn discard(&mut self) -> bool {
        if self.has_ended {
            return true;
        }
        discard(&mut self.incoming, self.is_awaited).await
    }
}

/// Reads and drops what is left of a body. False where that is too much or does not
/// arrive.
pub(crate) async fn discard<B: Body<Data = Bytes> + Unpin>(body: &mut B, is_awaited: bool) -> bool {
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

/// The data of a body, as it arrives.
fn pieces(body: &mut Inbound) -> impl Stream<Item = Result<Bytes, Refusal>> + Send {
    stream::unfold(body, async |body| {
        loop {
            let data = match body.frame().await? {
                Ok(frame) => frame.into_data().ok(),
                Err(error) => return Some((Err(unreadable(&error)), body)),
            };
            // Trailers carry nothing a handler asks for.
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
        // Trailers carry nothing a handler asks for.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len() as u64);
        if length > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        // A body that came in one piece, as small ones do, is not copied.
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
