//! Replies of `wasi:http` apps: a head, and a complete or streamed body.
//!
//! Only the host frames messages. It checks a body against the guest's `content-length` and
//! aborts the connection if they differ, so that a truncated body never looks complete.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use spikard_wasm_app::is_bodiless;
use tokio::task::unconstrained;
use wasmtime_wasi_http::{Error, WasiBody};

use super::call::{Fate, HttpCall};
use crate::error::CallError;
use crate::limits::Limits;
use crate::outbound::BodyError;

/// A reply: its head and its body.
#[derive(Debug)]
pub struct HttpReply {
    /// The status.
    pub status: StatusCode,
    /// The headers, without `content-length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: HttpBody,
}

/// A reply whose body is either complete or streamed.
pub(super) enum Progress {
    Whole(HttpReply),
    Streaming(HttpReply),
}

/// The part of a body that the guest has written so far.
#[derive(Default)]
struct PartialBody {
    pieces: Vec<Bytes>,
    trailers: Option<HeaderMap>,
}

/// The body of a reply.
#[derive(Debug)]
pub enum HttpBody {
    /// A body that is not sent, and its length if known.
    Unsent(Option<u64>),
    /// A complete body.
    Whole(Bytes),
    /// A body that the guest is still writing, or that has trailers.
    Stream(Box<HttpStream>),
}

/// A head within the limits, with its body.
pub(super) struct ReplyHead {
    status: StatusCode,
    headers: HeaderMap,
    /// The guest's `content-length`.
    length: Option<u64>,
    body: WasiBody,
    /// False for HEAD and for a status without a body.
    is_sent: bool,
}

impl ReplyHead {
    /// Checks a head against the limits.
    pub(super) fn new(
        head: http::Response<WasiBody>,
        is_head: bool,
        limits: &Limits,
    ) -> Result<Self, CallError> {
        let bad = |what: String| Err(CallError::BadReply(what));
        let (mut parts, body) = head.into_parts();
        let headers = &parts.headers;
        if headers.len() > limits.reply_headers {
            let most = limits.reply_headers;
            return bad(format!(
                "it has {} headers, more than the limit `reply_headers` of {most}",
                headers.len()
            ));
        }
        let sizes = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len());
        let (bytes, most) = (sizes.sum::<usize>(), limits.reply_header_bytes);
        if bytes > most {
            return bad(format!(
                "its headers have {bytes} bytes, more than the limit `reply_header_bytes` of {most}"
            ));
        }
        if parts.status.is_informational() {
            let status = parts.status.as_u16();
            return bad(format!(
                "its status `{status}` is informational, which a reply cannot have"
            ));
        }
        let length = match parts.headers.remove(header::CONTENT_LENGTH) {
            None => None,
            Some(value) => match value.to_str().ok().and_then(|value| value.parse().ok()) {
                Some(length) => Some(length),
                None => return bad("its `content-length` is not a number".to_owned()),
            },
        };
        let is_bodiless = is_bodiless(parts.status.as_u16());
        // 304 has the length that 200 would have.
        let length = length.filter(|_| !is_bodiless || parts.status == StatusCode::NOT_MODIFIED);
        Ok(Self {
            status: parts.status,
            headers: parts.headers,
            length,
            body,
            is_sent: !is_head && !is_bodiless,
        })
    }

    fn reply(self, body: HttpBody) -> HttpReply {
        HttpReply {
            status: self.status,
            headers: self.headers,
            body,
        }
    }

    /// Collects the chunks that the guest has written so far. `Pending` if the body has not ended.
    fn collect(&mut self) -> (PartialBody, Poll<Result<(), Error>>) {
        let mut collected = PartialBody::default();
        loop {
            match poll_once(&mut self.body) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => collected.pieces.push(data),
                    Err(frame) => collected.trailers = frame.into_trailers().ok(),
                },
                Poll::Ready(Some(Err(error))) => return (collected, Poll::Ready(Err(error))),
                Poll::Ready(None) => return (collected, Poll::Ready(Ok(()))),
                Poll::Pending => return (collected, Poll::Pending),
            }
        }
    }

    /// Returns the reply of a guest that has returned, so that its body is complete.
    pub(super) fn whole(mut self, call: &Arc<HttpCall>) -> Result<HttpReply, CallError> {
        match self.collect() {
            (collected, Poll::Ready(Ok(()))) => self.complete(collected, call),
            (collected, _) if !self.is_sent => self.complete(collected, call),
            (_, Poll::Ready(Err(error))) => Err(broken(error)),
            (_, Poll::Pending) => Err(unfinished()),
        }
    }

    /// Returns the reply of a guest that may still be running.
    pub(super) fn reply_so_far(mut self, call: &Arc<HttpCall>) -> Result<Progress, CallError> {
        match self.collect() {
            (collected, Poll::Ready(Ok(()))) => self.complete(collected, call).map(Progress::Whole),
            (_, Poll::Ready(Err(error))) if self.is_sent => Err(broken(error)),
            (PartialBody { pieces, .. }, _) => {
                Ok(Progress::Streaming(self.stream(pieces, call, true)))
            }
        }
    }

    /// Returns the reply with its complete body.
    fn complete(self, body: PartialBody, call: &Arc<HttpCall>) -> Result<HttpReply, CallError> {
        let PartialBody { pieces, trailers } = body;
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        if !self.is_sent {
            // A reply to HEAD may have the length that GET would have.
            let length = self.length.or(Some(length).filter(|length| *length != 0));
            return Ok(self.reply(HttpBody::Unsent(length)));
        }
        if let Some(said) = self.length
            && said != length
        {
            return Err(CallError::BadReply(format!(
                "its body has {length} bytes, but its `content-length` is {said}"
            )));
        }
        let Some(trailers) = trailers else {
            return Ok(self.reply(HttpBody::Whole(joined(pieces))));
        };
        let stream = HttpStream {
            body: WasiBody::default(),
            first: pieces.into(),
            trailers: Some(trailers),
            left: None,
            is_over: false,
            is_shared: false,
            call: call.clone(),
        };
        Ok(self.reply(HttpBody::Stream(Box::new(stream))))
    }

    /// Returns the streamed reply of a guest that is still running. A body that must not be sent is
    /// still read, since the guest waits for its reader. `is_shared`: the instance serves other
    /// requests too, so the end of the body is the end of the request.
    pub(super) fn stream(
        mut self,
        first: Vec<Bytes>,
        call: &Arc<HttpCall>,
        is_shared: bool,
    ) -> HttpReply {
        let mut stream = HttpStream {
            body: std::mem::take(&mut self.body),
            first: first.into(),
            trailers: None,
            left: self.length.filter(|_| self.is_sent),
            is_over: false,
            is_shared,
            call: call.clone(),
        };
        if self.is_sent {
            return self.reply(HttpBody::Stream(Box::new(stream)));
        }
        tokio::task::spawn_local(async move {
            let mut next = |cx: &mut Context<'_>| Pin::new(&mut stream).poll_frame(cx);
            while let Some(Ok(_)) = std::future::poll_fn(&mut next).await {}
        });
        let length = self.length;
        self.reply(HttpBody::Unsent(length))
    }
}

/// Joins chunks.
fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    match pieces.len() {
        0 => Bytes::new(),
        1 => pieces.swap_remove(0),
        _ => {
            let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
            pieces
                .iter()
                .for_each(|piece| whole.extend_from_slice(piece));
            whole.freeze()
        }
    }
}

/// A body that is streamed while the guest writes it.
pub struct HttpStream {
    body: WasiBody,
    /// Chunks that were already read.
    first: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    /// The remaining bytes of the guest's `content-length`, if it set one.
    left: Option<u64>,
    is_over: bool,
    is_shared: bool,
    call: Arc<HttpCall>,
}

impl std::fmt::Debug for HttpStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpStream({:?})", self.left)
    }
}

type Polled = Poll<Option<Result<Frame<Bytes>, BodyError>>>;

impl HttpStream {
    fn end(&mut self, how: Option<BodyError>) -> Polled {
        self.is_over = true;
        self.call.set_reader_waiting(true);
        if !self.is_shared {
            return Poll::Ready(how.map(Err));
        }
        // A shared instance does not return for one request: its body's end ends the call.
        self.call.end(Fate::Returned);
        Poll::Ready(how.map(Err))
    }

    fn fail(&mut self, why: CallError) -> Polled {
        self.call.report(&why);
        self.call.abandon();
        self.end(Some(why.into()))
    }

    /// Passes on a chunk, and checks it against the guest's `content-length`.
    fn pass(&mut self, frame: Frame<Bytes>) -> Polled {
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        match &mut self.left {
            Some(left) if length > *left => {
                let why = "its body is longer than its `content-length`".to_owned();
                return self.fail(CallError::BadReply(why));
            }
            Some(left) => *left -= length,
            None => {}
        }
        self.call.record_progress();
        self.call.set_reader_waiting(false);
        Poll::Ready(Some(Ok(frame)))
    }

    fn end_of_body(&mut self) -> Polled {
        // wasmtime ends a body normally when its store is dropped.
        if self.call.fate() == Fate::Failed {
            return self.end(Some("the app failed".into()));
        }
        match self.left {
            Some(1..) => {
                let why = "its body is shorter than its `content-length`".to_owned();
                self.fail(CallError::BadReply(why))
            }
            _ => self.end(None),
        }
    }
}

impl Body for HttpStream {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Ready(None);
        }
        if let Some(first) = this.first.pop_front() {
            return this.pass(Frame::data(first));
        }
        if let Some(trailers) = this.trailers.take() {
            return this.pass(Frame::trailers(trailers));
        }
        if this.call.fate() == Fate::Failed {
            return this.end(Some("the app failed".into()));
        }
        this.call.register_reader(cx.waker());
        this.call.set_reader_waiting(true);
        let returned = !this.is_shared && this.call.fate() == Fate::Returned;
        match ready!(poll_freely(&mut this.body, cx, returned)) {
            Some(Ok(frame)) => this.pass(frame),
            None => this.end_of_body(),
            Some(Err(error)) => this.fail(broken(error)),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for HttpStream {
    fn drop(&mut self) {
        if !self.is_over {
            self.call.abandon();
        }
    }
}

/// Polls a body. If the guest has returned, a pending body never ends and is an error.
fn poll_freely(
    body: &mut WasiBody,
    cx: &mut Context<'_>,
    has_returned: bool,
) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
    // tokio's cooperative budget would make a full channel look empty.
    let polled = pin!(unconstrained(std::future::poll_fn(|cx| {
        Pin::new(&mut *body).poll_frame(cx)
    })))
    .poll(cx);
    match polled {
        Poll::Pending if has_returned => Poll::Ready(Some(Err(Error::HttpProtocolError))),
        polled => polled,
    }
}

fn poll_once(body: &mut WasiBody) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
    poll_freely(body, &mut Context::from_waker(Waker::noop()), false)
}

/// Returns the error of a call whose body ended with `error`.
fn broken(error: Error) -> CallError {
    match error {
        // `wasi:http` 0.3 checks `content-length` itself.
        Error::HttpResponseBodySize(_) => CallError::BadReply(
            "the length of its body differs from its `content-length`".to_owned(),
        ),
        Error::HttpProtocolError => unfinished(),
        error => CallError::BadReply(format!("its body ended with the error: {error}")),
    }
}

fn unfinished() -> CallError {
    CallError::BadReply("the guest did not finish its body".to_owned())
}
