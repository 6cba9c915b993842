//! The body of a response: decoded and checked while it arrives, in bounded chunks.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder};
use spikard_wasm_services::Failed;
use tokio::io::{AsyncRead, ReadBuf};

use super::failure::{too_large, unavailable};
use super::raw::Raw;
use crate::outbound::StreamBody;

/// Maximum size of a chunk in bytes.
const CHUNK: usize = 64 << 10;
/// First room for bytes; it grows as they arrive.
const ROOM: usize = 4 << 10;

/// Content coding that the host decodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Brotli,
}

/// A response body.
pub(super) struct Body {
    origin: String,
    source: Source,
    /// Decoded bytes that the guest has not read.
    arrived: Vec<u8>,
    /// Maximum number of decoded bytes, and how many of them may still arrive.
    max: u64,
    left: u64,
    is_over: bool,
    failed: Option<Failed>,
}

enum Source {
    Plain(Box<Raw>),
    Gzip(Box<GzipDecoder<Raw>>),
    Brotli(Box<BrotliDecoder<Raw>>),
}

/// Bytes that have arrived, and true if they are the last ones.
pub(super) type Arrived = (Vec<u8>, bool);

impl Body {
    /// `length` is the announced number of bytes, `max` the maximum number of decoded bytes.
    pub(super) fn new(
        origin: String,
        body: StreamBody,
        coding: Option<Coding>,
        length: Option<u64>,
        max: u64,
    ) -> Self {
        let raw = Raw::new(body, length, origin.clone());
        Self {
            origin,
            source: match coding {
                None => Source::Plain(Box::new(raw)),
                Some(Coding::Gzip) => {
                    let mut decoder = GzipDecoder::new(raw);
                    decoder.multiple_members(true);
                    Source::Gzip(Box::new(decoder))
                }
                Some(Coding::Brotli) => Source::Brotli(Box::new(BrotliDecoder::new(raw))),
            },
            arrived: Vec::new(),
            max,
            left: max,
            is_over: false,
            failed: None,
        }
    }

    /// Waits for the next bytes and returns all that have arrived, up to a chunk.
    pub(super) async fn read(&mut self) -> Result<Arrived, Failed> {
        poll_fn(|cx| match self.poll_fill(cx) {
            Poll::Pending if self.arrived.is_empty() => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
        match (self.arrived.is_empty(), &self.failed) {
            (true, Some(failed)) => Err(failed.clone()),
            _ => Ok(self.take_arrived()),
        }
    }

    /// Returns the number of bytes that have arrived and that the guest has not read.
    pub(super) fn len(&self) -> usize {
        self.arrived.len()
    }

    /// Takes the bytes that have arrived.
    pub(super) fn take_arrived(&mut self) -> Arrived {
        (std::mem::take(&mut self.arrived), self.is_over)
    }

    /// Receives bytes until a chunk is full. Ready if no more can arrive before the next read.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.source.raw_mut().begin();
        while !self.is_over && self.failed.is_none() && self.arrived.len() < CHUNK {
            if let Err(failed) = ready!(self.poll_bytes(cx)) {
                self.failed = Some(failed);
            }
        }
        Poll::Ready(())
    }

    /// Receives some bytes.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        let before = self.arrived.len();
        self.arrived
            .resize((before + before.max(ROOM)).min(CHUNK), 0);
        let mut buffer = ReadBuf::new(&mut self.arrived[before..]);
        let result = self.source.poll_read(cx, &mut buffer);
        let count = buffer.filled().len();
        self.arrived.truncate(before + count);
        match ready!(result) {
            Ok(()) if count == 0 => self.is_over = true,
            Ok(()) => match self.left.checked_sub(count as u64) {
                Some(left) => self.left = left,
                None => {
                    self.arrived.truncate(before);
                    return Poll::Ready(Err(too_large(&self.origin, self.max)));
                }
            },
            Err(error) => return Poll::Ready(self.explained(&error)),
        }
        Poll::Ready(Ok(()))
    }

    /// Finds the cause of an error.
    fn explained(&mut self, error: &io::Error) -> Result<(), Failed> {
        let raw = self.source.raw_mut();
        if let Some(failed) = raw.take_failure() {
            return Err(failed);
        }
        // A body without any byte is an empty one in every coding.
        if raw.is_empty() {
            self.is_over = true;
            return Ok(());
        }
        let origin = &self.origin;
        Err(unavailable(match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the response of `{origin}` ended in the middle of its compressed body")
            }
            _ => format!("the compressed body of the response of `{origin}` is invalid: {error}"),
        }))
    }
}

impl Source {
    fn raw_mut(&mut self) -> &mut Raw {
        match self {
            Self::Plain(raw) => raw,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
        }
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(raw) => Pin::new(raw).poll_read(cx, buffer),
            Self::Gzip(decoder) => Pin::new(decoder).poll_read(cx, buffer),
            Self::Brotli(decoder) => Pin::new(decoder).poll_read(cx, buffer),
        }
    }
}
