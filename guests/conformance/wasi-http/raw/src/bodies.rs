//! Bodies: read and written in pieces, never as a whole.

use wasip2::http::types::{Fields, IncomingBody, IncomingRequest, OutgoingBody, ResponseOutparam};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use crate::begin;

/// The size of a piece in bytes.
const PIECE: usize = 64 << 10;

/// A body to write. If the client disconnects, writing stops but the app continues.
pub(crate) struct Sink {
    body: OutgoingBody,
    stream: OutputStream,
}

impl Sink {
    pub(crate) fn new(body: OutgoingBody) -> Self {
        let stream = body.write().expect("a stream that is taken once");
        Self { body, stream }
    }

    /// Writes and flushes, as much at a time as the host accepts. Returns false if the client has
    /// disconnected.
    pub(crate) fn write_all(&self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let room = match self.stream.check_write() {
                Ok(room) => usize::try_from(room).unwrap_or(usize::MAX),
                Err(_) => return false,
            };
            if room == 0 {
                self.stream.subscribe().block();
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if self.stream.write(now).is_err() {
                return false;
            }
            bytes = later;
        }
        self.stream.blocking_flush().is_ok()
    }

    /// Writes one byte this many times and ends the body.
    pub(crate) fn repeat(self, byte: u8, mut left: u64) {
        let piece = [byte; PIECE];
        while left > 0 {
            let now = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            if !self.write_all(&piece[..now]) {
                return;
            }
            left -= now as u64;
        }
        self.end(None);
    }

    pub(crate) fn end_with(self, bytes: &[u8]) {
        if self.write_all(bytes) {
            self.end(None);
        }
    }

    /// Ends the body.
    pub(crate) fn end(self, trailers: Option<Fields>) {
        drop(self.stream);
        OutgoingBody::finish(self.body, trailers).expect("a body as long as its headers say");
    }
}

/// Returns the next bytes of a body, or `None` at its end.
fn next(stream: &InputStream) -> Option<Vec<u8>> {
    match stream.blocking_read(PIECE as u64) {
        Ok(bytes) => Some(bytes),
        Err(StreamError::Closed) => None,
        Err(StreamError::LastOperationFailed(error)) => {
            panic!("the body: {}", error.to_debug_string())
        }
    }
}

/// Copies `from` to `to`.
pub(crate) fn copy(from: &IncomingBody, to: &Sink) {
    let stream = from.stream().expect("a stream that is taken once");
    while let Some(bytes) = next(&stream) {
        if !to.write_all(&bytes) {
            break;
        }
    }
}

/// Replies with the request's body, and optionally with its trailers.
pub(crate) fn echo(request: IncomingRequest, out: ResponseOutparam, with_trailers: bool) {
    // HTTP/1.1 requires an announcement of trailer names.
    let same: &[&str] = match with_trailers {
        true => &["content-type", "trailer"],
        false => &["content-type"],
    };
    let entries = request.headers().entries();
    let same = entries
        .into_iter()
        .filter(|(name, _)| same.contains(&&**name));
    let headers = Fields::from_list(&same.collect::<Vec<_>>()).expect("headers that came");
    let body = request.consume().expect("a body that is taken once");
    let sink = begin(out, 200, headers);
    copy(&body, &sink);
    let trailers = IncomingBody::finish(body);
    if !with_trailers {
        return sink.end(None);
    }
    let trailers = loop {
        match trailers.get() {
            Some(trailers) => break trailers,
            None => trailers.subscribe().block(),
        }
    };
    let trailers = trailers.expect("trailers that is taken once");
    sink.end(trailers.unwrap_or_else(|error| panic!("the trailers: {error:?}")));
}

/// Returns the size of a request's body in bytes.
pub(crate) fn count(request: IncomingRequest) -> usize {
    let body = request.consume().expect("a body that is taken once");
    let stream = body.stream().expect("a stream that is taken once");
    let mut bytes = 0;
    while let Some(piece) = next(&stream) {
        bytes += piece.len();
    }
    bytes
}
