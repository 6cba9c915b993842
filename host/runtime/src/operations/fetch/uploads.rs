//! The request bodies that a task sends while it produces them.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use spikard_wasm_services::{Failed, Outcome, Payload};
use tokio::sync::{Mutex, mpsc};

use super::failure::invalid;
use crate::operations::result::Operation;
use crate::outbound::{BodyError, StreamBody};

/// A part of a body: bytes, and whether they are the last ones.
type Chunk = (Bytes, bool);

/// The uploads of a task by the numbers that the guest has chosen. A request that ends also ends
/// its upload.
#[derive(Default)]
pub(in crate::operations) struct Uploads(HashMap<u32, Arc<Mutex<mpsc::Sender<Chunk>>>>);

impl Uploads {
    /// Opens an upload, and returns its body.
    pub(super) fn open(&mut self, number: u32, first: Bytes) -> Result<Upload, Failed> {
        // Only requests in progress have an open upload, so their limit is the limit of uploads.
        self.0.retain(|_, upload| match upload.try_lock() {
            Ok(sender) => !sender.is_closed(),
            Err(_) => true,
        });
        if self.0.contains_key(&number) {
            let message = format!("the upload `{number}` is already open; use another number");
            return Err(invalid(message));
        }
        // One chunk waits here while the connection cannot take more.
        let (sender, receiver) = mpsc::channel(1);
        self.0.insert(number, Arc::new(Mutex::new(sender)));
        Ok(Upload {
            first: Some(first).filter(|bytes| !bytes.is_empty()),
            receiver,
            has_ended: false,
        })
    }

    /// Starts to send the next bytes.
    pub(super) fn write(
        &mut self,
        number: u32,
        is_last: bool,
        body: Payload,
    ) -> Result<Operation, Failed> {
        let upload = self.0.get(&number).ok_or_else(|| over(number))?;
        let Ok(sender) = upload.clone().try_lock_owned() else {
            let message =
                format!("the upload `{number}` is being written; wait for that write first");
            return Err(invalid(message));
        };
        if is_last {
            self.0.remove(&number);
        }
        let bytes = bytes(body);
        Ok(Box::pin(async move {
            if is_last || !bytes.is_empty() {
                let sent = sender.send((bytes, is_last)).await;
                sent.map_err(|_| over(number))?;
            }
            Ok(Outcome::new(String::new(), Payload::Empty))
        }))
    }
}

/// Returns the bytes of a body.
pub(super) fn bytes(body: Payload) -> Bytes {
    match body {
        Payload::Empty => Bytes::new(),
        Payload::Json(text) | Payload::Text(text) => text.into(),
        Payload::Bytes(bytes) => bytes.into(),
    }
}

fn over(number: u32) -> Failed {
    invalid(format!(
        "the upload `{number}` has ended, or its request has; start another request"
    ))
}

/// The body of a request that is sent while the guest produces it.
pub(super) struct Upload {
    first: Option<Bytes>,
    receiver: mpsc::Receiver<Chunk>,
    has_ended: bool,
}

impl Upload {
    pub(super) fn into_body(self) -> StreamBody {
        self.boxed_unsync()
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.has_ended {
            return Poll::Ready(None);
        }
        let next = ready!(self.receiver.poll_recv(cx));
        Poll::Ready(match next {
            Some((bytes, is_last)) => {
                self.has_ended = is_last;
                match bytes.is_empty() {
                    true => None,
                    false => Some(Ok(Frame::data(bytes))),
                }
            }
            // The server must not take the part that was sent for the whole body.
            None => {
                self.has_ended = true;
                Some(Err("the app has not sent the whole body".into()))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended && self.first.is_none()
    }
}
