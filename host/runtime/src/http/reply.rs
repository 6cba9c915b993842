//! A reply of an app for `wasi:http`: its head, and a body that is there or on its way.
//!
//! The host alone frames a message. What a guest says of its length is kept only as a
//! promise: a body that breaks it breaks off, so that no client takes half of one for
//! the whole.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use tokio::task::unconstrained;
use wasmtime_wasi_http::{Error, WasiBody};

use super::call::{Fate, HttpCall};
use crate::error::CallError;
use crate::limits::Limits;
use crate::outbound::BodyError;

/// The head of a reply, and its body.
#[derive(Debug)]
pub struct HttpReply {
    /// The status.
    pub status: StatusCode,
    /// The headers, without the length.
    pub headers: HeaderMap,
    /// The body.
    pub body: HttpBody,
}

/// A reply whose body may be there by now.
pub(super) enum Settled {
    /// It is.
    Whole(HttpReply),
    /// It is still made.
    Going(HttpReply),
}

/// What there is of a body.
#[derive(Default)]
struct Collected {
    pieces: Vec<Bytes>,
    trailers: Option<HeaderMap>,
}

/// The body of a reply.
#[derive(Debug)]
pub enum HttpBody {
    /// One that is not sent, and how long it would be, where that is known.
    Unsent(Option<u64>),
    /// All of it.
    Whole(Bytes),
    /// One that is still made, or has trailers.
    Stream(Box<HttpStream>),
}

/// A head that was checked.
pub(super) struct Checked {
    status: StatusCode,
    headers: HeaderMap,
    /// The length that the guest says its body has.
    length: Option<u64>,
    body: WasiBody,
    /// Whether the body is sent.
    is_sent: bool,
}

impl Checked {
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
                "it has {} headers, and the limit `reply_headers` is {most}",
                headers.len()
            ));
        }
        let sizes = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len());
        let (bytes, most) = (sizes.sum::<usize>(), limits.reply_header_bytes);
        if bytes > most {
            return bad(format!(
                "its headers are {bytes} bytes, and the limit `reply_header_bytes` is {most}"
            ));
        }
        if parts.status.is_informational() {
            let status = parts.status.as_u16();
            return bad(format!("its status `{status}` is not that of a reply"));
        }
        let length = match parts.headers.remove(header::CONTENT_LENGTH) {
            None => None,
            Some(value) => match value.to_str().ok().and_then(|value| value.parse().ok()) {
                Some(length) => Some(length),
                None => return bad("its `content-length` is no number".to_owned()),
            },
        };
        // These never have a body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5).
        let is_bodiless = matches!(
            parts.status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        );
        let length = match parts.status {
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT => None,
            _ => length,
        };
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

    /// Takes what is there of the body. The end of it, or that nothing more is there.
    fn collect(&mut self) -> (Collected, Poll<Result<(), Error>>) {
        let mut collected = Collected::default();
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

    /// The reply of a guest that has returned: what there will ever be of its body is
    /// there.
    pub(super) fn whole(mut self, call: &Arc<HttpCall>) -> Result<HttpReply, CallError> {
        match self.collect() {
            (collected, Poll::Ready(Ok(()))) => self.complete(collected, call),
            (collected, _) if !self.is_sent => self.complete(collected, call),
            (_, Poll::Ready(Err(error))) => Err(broken(error)),
            (_, Poll::Pending) => Err(unfinished()),
        }
    }

    /// The reply of a guest that may go on.
    pub(super) fn settled(mut self, call: &Arc<HttpCall>) -> Result<Settled, CallError> {
        match self.collect() {
            (collected, Poll::Ready(Ok(()))) => self.complete(collected, call).map(Settled::Whole),
            (_, Poll::Ready(Err(error))) if self.is_sent => Err(broken(error)),
            (Collected { pieces, .. }, _) => Ok(Settled::Going(self.stream(pieces, call, true))),
        }
    }

    /// The reply with all of its body.
    fn complete(self, body: Collected, call: &Arc<HttpCall>) -> Result<HttpReply, CallError> {
        let Collected { pieces, trailers } = body;
        let length = pieces.iter().map(|piece| piece.len() as u64).sum();
        if !self.is_sent {
            // To HEAD it may say what GET would have.
            let length = self.length.or(Some(length).filter(|length| *length != 0));
            return Ok(self.reply(HttpBody::Unsent(length)));
        }
        if let Some(said) = self.length
            && said != length
        {
            return Err(CallError::BadReply(format!(
                "its body is {length} bytes, and its `content-length` says {said}"
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

    /// The reply of a guest that goes on, whose body is read while it is made. One that
    /// is not sent is read all the same, since the guest knows nothing of that.
    /// `is_shared`: its instance serves others at the same time, so that the end of the
    /// body is the end of the request.
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

/// Pieces as one.
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

/// A body that is read while the guest makes it.
pub struct HttpStream {
    body: WasiBody,
    /// What was read of it already.
    first: VecDeque<Bytes>,
    trailers: Option<HeaderMap>,
    /// How many bytes are still to come, where the guest said how many there are.
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
    fn ends(&mut self, how: Option<BodyError>) -> Polled {
        self.is_over = true;
        self.call.wants(true);
        if !self.is_shared {
            return Poll::Ready(how.map(Err));
        }
        // Nothing else tells that it is done with.
        self.call.ended(Fate::Returned);
        Poll::Ready(how.map(Err))
    }

    fn breaks(&mut self, why: CallError) -> Polled {
        self.call.report(&why);
        self.call.abandon();
        self.ends(Some(why.into()))
    }

    /// Takes a piece, of which there are no more bytes than the guest said.
    fn takes(&mut self, frame: Frame<Bytes>) -> Polled {
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        match &mut self.left {
            Some(left) if length > *left => {
                let why = "its body is longer than its `content-length` says".to_owned();
                return self.breaks(CallError::BadReply(why));
            }
            Some(left) => *left -= length,
            None => {}
        }
        self.call.moves();
        self.call.wants(false);
        Poll::Ready(Some(Ok(frame)))
    }

    fn end_of_body(&mut self) -> Polled {
        // A store that is dropped closes its bodies as if they were complete.
        if self.call.fate() == Fate::Failed {
            return self.ends(Some("the app failed".into()));
        }
        match self.left {
            Some(1..) => {
                let why = "its body is shorter than its `content-length` says".to_owned();
                self.breaks(CallError::BadReply(why))
            }
            _ => self.ends(None),
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
            return this.takes(Frame::data(first));
        }
        if let Some(trailers) = this.trailers.take() {
            return this.takes(Frame::trailers(trailers));
        }
        if this.call.fate() == Fate::Failed {
            return this.ends(Some("the app failed".into()));
        }
        this.call.wakes_reader(cx.waker());
        this.call.wants(true);
        let returned = !this.is_shared && this.call.fate() == Fate::Returned;
        match ready!(poll_freely(&mut this.body, cx, returned)) {
            Some(Ok(frame)) => this.takes(frame),
            None => this.end_of_body(),
            Some(Err(error)) => this.breaks(broken(error)),
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

/// Polls a body, whose guest may have returned: then what is not there will not come.
fn poll_freely(
    body: &mut WasiBody,
    cx: &mut Context<'_>,
    has_returned: bool,
) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
    // tokio lets a channel look empty for a turn when a task has done much.
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

/// What it means that a body ends with an error.
fn broken(error: Error) -> CallError {
    match error {
        // Of 0.3, where a body is not as long as it said.
        Error::HttpResponseBodySize(_) => {
            CallError::BadReply("its body is not as long as its `content-length` says".to_owned())
        }
        Error::HttpProtocolError => unfinished(),
        error => CallError::BadReply(format!("its body ended with the error: {error}")),
    }
}

fn unfinished() -> CallError {
    CallError::BadReply("the guest did not finish its body".to_owned())
}
