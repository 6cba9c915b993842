//! Response body with a size limit and a timeout between chunks.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use spikard_wasm_runtime::{BodyError, OutboundError, StreamBody};
use tokio::time::{Instant, Sleep, sleep};

use super::slots::Slot;

/// Limits of a pending response.
#[derive(Debug)]
pub(super) struct ResponseLimits {
    slot: Slot,
    /// The origin in errors.
    shown: String,
    between: Duration,
    max: u64,
}

impl ResponseLimits {
    /// Limits the body to `max` bytes, and the time between two chunks to `between`.
    pub(super) fn new(slot: Slot, shown: String, between: Duration, max: u64) -> Self {
        Self {
            slot,
            shown,
            between,
            max,
        }
    }

    /// Applies the limits to a response.
    pub(super) fn apply<B>(self, response: Response<B>) -> Response<StreamBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        response.map(|body| {
            LimitedBody {
                body: Box::pin(body),
                shown: self.shown,
                left: self.max,
                max: self.max,
                between: self.between,
                timer: Box::pin(sleep(self.between)),
                is_waiting: false,
                _slot: self.slot,
            }
            .boxed_unsync()
        })
    }
}

struct LimitedBody<B> {
    body: Pin<Box<B>>,
    shown: String,
    left: u64,
    max: u64,
    between: Duration,
    timer: Pin<Box<Sleep>>,
    is_waiting: bool,
    _slot: Slot,
}

impl<B> Body for LimitedBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BodyError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let frame = match this.body.as_mut().poll_frame(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                // The timer runs only while the guest waits for a chunk.
                if !this.is_waiting {
                    this.is_waiting = true;
                    this.timer.as_mut().reset(Instant::now() + this.between);
                }
                ready!(this.timer.as_mut().poll(cx));
                let error = OutboundError::ChunkTimeout(this.shown.clone(), this.between);
                return Poll::Ready(Some(Err(error.into())));
            }
        };
        this.is_waiting = false;
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
            Some(Ok(frame)) => frame,
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match this.left.checked_sub(length) {
            Some(left) => this.left = left,
            None => {
                let error = OutboundError::TooLarge(this.shown.clone(), this.max);
                return Poll::Ready(Some(Err(error.into())));
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
