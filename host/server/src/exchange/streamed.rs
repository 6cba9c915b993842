//! Streamed bodies that end their exchange: the request stays in flight until the last
//! byte is sent, and is counted and logged then.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::record::Ending;
use crate::admission::InFlightGuard;
use crate::reply_body::{BodyError, ReplyBody};

struct ExchangeBody {
    body: ReplyBody,
    /// The `content-length` of the response.
    length: Option<u64>,
    sent: u64,
    ending: Option<Ending>,
    _admitted: Option<InFlightGuard>,
}

/// Wraps a body so that its end is the end of its exchange.
pub(super) fn until_end(
    body: ReplyBody,
    length: Option<u64>,
    ending: Ending,
    admitted: Option<InFlightGuard>,
) -> ReplyBody {
    ReplyBody::stream(ExchangeBody {
        body,
        length,
        sent: 0,
        ending: Some(ending),
        _admitted: admitted,
    })
}

impl ExchangeBody {
    fn end(&mut self, is_complete: bool) {
        if let Some(ending) = self.ending.take() {
            ending.end(self.sent, is_complete);
        }
    }
}

impl Body for ExchangeBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                this.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            Poll::Ready(Some(Err(_))) => this.end(false),
            Poll::Ready(None) => this.end(true),
            Poll::Pending => {}
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

impl Drop for ExchangeBody {
    /// hyper drops a body without polling its end when all of its `content-length` is sent
    /// or the client has closed the connection.
    fn drop(&mut self) {
        let is_complete = self.body.is_end_stream() || self.length == Some(self.sent);
        self.end(is_complete);
    }
}
