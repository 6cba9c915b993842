//! The body of a request on its way to a guest: under a limit, in time, and taken back
//! when the request is over, whatever the guest still holds of it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::Error;

use super::call::{HttpCall, Patience, lock};
use super::failure::UploadError;

/// The body of a request, as the guest has it.
pub enum GuestBody<B> {
    /// There is none.
    Empty,
    /// One that may still be on its way.
    Upload(Upload<B>),
}

/// The body of a request, of which the guest and the server have one half each.
pub struct Upload<B>(Arc<Mutex<Option<Arriving<B>>>>);

struct Arriving<B> {
    body: B,
    call: Arc<HttpCall>,
    limit: u64,
    timeout: Duration,
    received: u64,
    patience: Patience,
}

impl<B> Upload<B> {
    /// Both halves of a body, which is at most `limit` bytes long and lets the guest wait
    /// for `timeout` altogether.
    #[must_use]
    pub fn new(body: B, call: Arc<HttpCall>, limit: u64, timeout: Duration) -> (Self, Self) {
        let arriving = Arriving {
            body,
            call,
            limit,
            timeout,
            received: 0,
            patience: Patience::default(),
        };
        let shared = Arc::new(Mutex::new(Some(arriving)));
        (Self(shared.clone()), Self(shared))
    }

    /// Takes what is left of the body, of which the guest gets nothing any more.
    #[must_use]
    pub fn take_back(&self) -> Option<B> {
        let arriving = lock(&self.0).take()?;
        arriving.call.waits_no_more();
        Some(arriving.body)
    }
}

impl<B> Arriving<B> {
    fn refused(&self, why: UploadError, error: Error) -> Option<Result<Frame<Bytes>, Error>> {
        self.call.refuse(why);
        Some(Err(error))
    }
}

type Polled = Poll<Option<Result<Frame<Bytes>, Error>>>;

impl<B> Arriving<B>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Polled {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            self.call.waits();
            let call = &self.call;
            let late = self.patience.poll(cx, self.timeout, || call.waited());
            return match late {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => {
                    Poll::Ready(self.refused(UploadError::Late, Error::ConnectionReadTimeout))
                }
            };
        };
        self.call.waits_no_more();
        Poll::Ready(match frame {
            None => None,
            Some(Err(error)) => {
                let why = UploadError::Broken(error.to_string());
                self.refused(why, Error::ConnectionTerminated)
            }
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.received = self.received.saturating_add(length as u64);
                if self.received > self.limit {
                    let limit = self.limit;
                    let error = Error::HttpRequestBodySize(Some(limit));
                    return Poll::Ready(self.refused(UploadError::TooLarge(limit), error));
                }
                Some(Ok(frame))
            }
        })
    }
}

impl<B> Body for GuestBody<B>
where
    B: Body<Data = Bytes, Error: fmt::Display> + Unpin,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let Self::Upload(upload) = self.get_mut() else {
            return Poll::Ready(None);
        };
        match &mut *lock(&upload.0) {
            Some(arriving) => arriving.poll(cx),
            None => Poll::Ready(Some(Err(Error::ConnectionTerminated))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Upload(upload) => {
                let arriving = lock(&upload.0);
                arriving.as_ref().is_some_and(|it| it.body.is_end_stream())
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Upload(upload) => {
                let arriving = lock(&upload.0);
                let hint = arriving.as_ref().map(|it| it.body.size_hint());
                hint.unwrap_or_default()
            }
        }
    }
}
