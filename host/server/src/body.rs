//! Reads a request body within the route's size and time limits.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use spikard_wasm_app::{Form, Refusal, read_multipart};
use spikard_wasm_runtime::{GuestBody, HttpCall, StreamBody, Upload};

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
    source: Source,
    /// The client sends the body only once it is asked for.
    is_awaited: bool,
    has_ended: bool,
}

/// Who has the body.
enum Source {
    /// The host reads it.
    Host(Inbound),
    /// The guest reads it; the host can take it back.
    Guest(Upload<Inbound>),
    /// The reply's body keeps it.
    Reply,
}

impl RequestBody {
    /// `is_awaited`: the client sent `Expect: 100-continue`.
    pub(crate) fn new(incoming: Inbound, is_awaited: bool) -> Self {
        let has_ended = incoming.is_end_stream();
        Self {
            source: Source::Host(incoming),
            is_awaited,
            has_ended,
        }
    }

    /// The body as the host reads it; one that the guest has is empty for the host.
    fn incoming(&mut self) -> Option<&mut Inbound> {
        match &mut self.source {
            Source::Host(incoming) => Some(incoming),
            Source::Guest(_) | Source::Reply => None,
        }
    }

    /// The shortest that the body can be, in bytes, as its head announces it.
    pub(crate) fn shortest(&self) -> u64 {
        match &self.source {
            Source::Host(incoming) => incoming.size_hint().lower(),
            Source::Guest(_) | Source::Reply => 0,
        }
    }

    /// Lends the body to a guest, which reads at most `limit` bytes and waits for at most
    /// `timeout` altogether.
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

    /// Takes the host's half of a lent body, for a reply whose guest still reads it.
    pub(crate) fn take_lent(&mut self) -> Option<Upload<Inbound>> {
        match std::mem::replace(&mut self.source, Source::Reply) {
            Source::Guest(kept) => Some(kept),
            other => {
                self.source = other;
                None
            }
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

    /// Reads and drops the rest of the body, so that its connection can serve the next
    /// request. Returns false if that is too much or does not arrive: the connection must
    /// close then, and the response must say so.
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

    /// Takes the body back from a guest without reading it, where no other request waits
    /// for the connection. Always true.
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
