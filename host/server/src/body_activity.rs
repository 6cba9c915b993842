//! Activity of a streamed response body, for connection timeouts.
//!
//! While the body waits for the app, the host is busy; while a chunk is being sent, the host waits
//! for the client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::reply_body::{BodyError, ReplyBody};
use crate::timing::{Busy, Timing};

/// A body that marks its connection as busy while it waits for the app.
struct ObservedBody<B> {
    body: B,
    timing: Arc<Timing>,
    is_http2: bool,
    busy: Option<Busy>,
}

/// Observes a streamed body.
pub(crate) fn observed(body: ReplyBody, timing: &Arc<Timing>, is_http2: bool) -> ReplyBody {
    match body {
        ReplyBody::Stream(body) => ReplyBody::stream(ObservedBody {
            body,
            timing: timing.clone(),
            is_http2,
            busy: None,
        }),
        body => body,
    }
}

impl<B: Body<Data = Bytes, Error = BodyError> + Unpin> Body for ObservedBody<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if polled.is_ready() {
            this.busy = None;
        } else if this.busy.is_none() {
            this.busy = Some(this.timing.request(this.is_http2));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
