//! The bytes of a response as the peer sends them, with a check of their announced number.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::Body as _;
use spikard_wasm_services::Failed;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::failure::{of_body, unavailable};
use crate::outbound::StreamBody;

/// Maximum bytes of the peer that one poll processes, so that a body that decodes to nothing does not
/// hold up the worker.
const BUDGET: usize = 1 << 20;
/// Cost of a frame, which may be empty.
const FRAME: usize = 1 << 10;

/// The bytes as the peer sends them.
pub(super) struct Raw {
    body: StreamBody,
    chunk: Bytes,
    received: u64,
    /// The announced number of bytes.
    length: Option<u64>,
    /// What is left of the [`BUDGET`] of the current poll.
    budget: usize,
    origin: String,
    is_over: bool,
    failed: Option<Failed>,
}

impl Raw {
    /// `length` is the announced number of bytes.
    pub(super) fn new(body: StreamBody, length: Option<u64>, origin: String) -> Self {
        Self {
            body,
            chunk: Bytes::new(),
            received: 0,
            length,
            budget: BUDGET,
            origin,
            is_over: false,
            failed: None,
        }
    }

    /// Begins a poll.
    pub(super) fn begin(&mut self) {
        self.budget = BUDGET;
    }

    /// Returns true if the body has ended without a byte.
    pub(super) fn is_empty(&self) -> bool {
        self.is_over && self.received == 0
    }

    /// Takes the failure that a read has reported as an error.
    pub(super) fn take_failure(&mut self) -> Option<Failed> {
        self.failed.take()
    }

    /// Ends the body with an error; [`Raw::take_failure`] returns its cause.
    fn fail(&mut self, failed: Failed) -> Poll<io::Result<&[u8]>> {
        self.is_over = true;
        self.failed = Some(failed);
        Poll::Ready(Err(io::Error::other("the body failed")))
    }

    /// Checks the announced length, as soon as too many bytes have arrived or at the end.
    fn check_length(&self) -> Result<(), Failed> {
        let (origin, received) = (&self.origin, self.received);
        match self.length {
            Some(length) if received > length || (self.is_over && received < length) => {
                Err(unavailable(format!(
                    "the response of `{origin}` has {} than the {length} bytes of its `content-length`",
                    if received > length { "more" } else { "fewer" },
                )))
            }
            _ => Ok(()),
        }
    }
}

impl AsyncBufRead for Raw {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.chunk.is_empty() && !this.is_over {
            if this.budget < FRAME {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            this.budget -= FRAME;
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                None => this.is_over = true,
                Some(Err(error)) => {
                    let failed = of_body(&this.origin, &error);
                    return this.fail(failed);
                }
                Some(Ok(frame)) => {
                    // Trailers have no data.
                    let data = frame.into_data().unwrap_or_default();
                    this.received = this.received.saturating_add(data.len() as u64);
                    this.chunk = data;
                }
            }
            if let Err(failed) = this.check_length() {
                return this.fail(failed);
            }
        }
        if this.budget == 0 && !this.chunk.is_empty() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let most = this.chunk.len().min(this.budget);
        Poll::Ready(Ok(&this.chunk[..most]))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        let this = self.get_mut();
        this.budget = this.budget.saturating_sub(count);
        this.chunk.advance(count.min(this.chunk.len()));
    }
}

impl AsyncRead for Raw {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let data = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = data.len().min(buffer.remaining());
        buffer.put_slice(&data[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}
