//! Request bodies of `wasi:http` apps, streamed to the guest.
//!
//! The host enforces a size limit and a time limit, and takes the body back when the
//! request ends, even if the guest still holds it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::Error;

use super::call::{HttpCall, lock};
use super::failure::UploadError;
use crate::deadline::Deadline;

/// The body of a request as the guest reads it.
pub enum GuestBody<B> {
    /// No body.
    Empty,
    /// A body that may still be arriving.
    Upload(Upload<B>),
}

/// One of two handles of a request's body: the guest reads it, the server takes it back.
pub struct Upload<B>(Arc<Mutex<Option<Arriving<B>>>>);

struct Arriving<B> {
    body: B,
    call: Arc<HttpCall>,
    limit: u64,
    timeout: Duration,
    received: u64,
    deadline: Deadline,
}

impl<B> Upload<B> {
    /// Returns both handles of a body. `limit` is its maximum length in bytes, `timeout` the
    /// total time that the guest may wait for it.
    #[must_use]
    pub fn new(body: B, call: Arc<HttpCall>, limit: u64, timeout: Duration) -> (Self, Self) {
        let arriving = Arriving {
            body,
            call,
            limit,
            timeout,
            received: 0,
            deadline: Deadline::default(),
        };
        let shared = Arc::new(Mutex::new(Some(arriving)));
        (Self(shared.clone()), Self(shared))
    }

    /// Takes the rest of the body. The guest can no longer read it.
    #[must_use]
    pub fn take_back(&self) -> Option<B> {
        let arriving = lock(&self.0).take()?;
        arriving.call.end_upload_wait();
        Some(arriving.body)
    }
}

impl<B> Arriving<B> {
    fn reject(&self, why: UploadError, error: Error) -> Option<Result<Frame<Bytes>, Error>> {
        self.call.reject_upload(why);
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
            self.call.begin_upload_wait();
            let call = &self.call;
            let late = self.deadline.poll(cx, self.timeout, || call.upload_wait());
            return match late {
                Poll::Pending => Poll::Pending,
                Poll::Ready(()) => {
                    Poll::Ready(self.reject(UploadError::Late, Error::ConnectionReadTimeout))
                }
            };
        };
        self.call.end_upload_wait();
        Poll::Ready(match frame {
            None => None,
            Some(Err(error)) => {
                let why = UploadError::Broken(error.to_string());
                self.reject(why, Error::ConnectionTerminated)
            }
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.received = self.received.saturating_add(length as u64);
                if self.received > self.limit {
                    let limit = self.limit;
                    let error = Error::HttpRequestBodySize(Some(limit));
                    return Poll::Ready(self.reject(UploadError::TooLarge(limit), error));
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
