//! Requests between apps of this host, dispatched on the same worker without a socket.
//!
//! The sender's future must be `Send`, but an app in a worker is not. Therefore a task of the
//! worker creates the response and passes its chunks through a channel, one at a time.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Weak;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use hyper::{Request, Response};
use spikard_wasm_runtime::{BodyError, StreamBody};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::reply_body::ReplyBody;
use crate::response::HttpResponse;

/// Dispatches requests between the apps of one worker.
pub(crate) trait Dispatch {
    /// Sends a request to the app with a name; `None` if no app has it. `depth` is the depth
    /// of the new request.
    fn dispatch(
        &self,
        name: &str,
        request: Request<StreamBody>,
        depth: u32,
    ) -> Option<Pin<Box<dyn Future<Output = HttpResponse>>>>;
}

thread_local! {
    /// Dispatcher of the worker that runs on this thread.
    static DISPATCHER: RefCell<Option<Weak<dyn Dispatch>>> = const { RefCell::new(None) };
}

/// Registers the dispatcher of this thread.
pub(crate) fn register(dispatcher: Weak<dyn Dispatch>) {
    DISPATCHER.set(Some(dispatcher));
}

/// Sends a request to the app with a name on this thread's worker; `None` if no app has it.
/// The future resolves to `None` if the worker stops before the response is ready. Dropping
/// the future or the response body cancels the request.
pub(crate) fn dispatch(
    name: &str,
    request: Request<StreamBody>,
    depth: u32,
) -> Option<impl Future<Output = Option<Response<StreamBody>>> + Send + use<>> {
    let dispatcher = DISPATCHER.with_borrow(|it| it.as_ref().and_then(Weak::upgrade))?;
    let response = dispatcher.dispatch(name, request, depth)?;
    Some(spawn(response))
}

/// Runs a response future in a task of this thread, and returns a `Send` future for its
/// response.
fn spawn(
    response: impl Future<Output = HttpResponse> + 'static,
) -> impl Future<Output = Option<Response<StreamBody>>> + Send {
    let (head, received) = oneshot::channel();
    let task = tokio::task::spawn_local(async move {
        let (parts, body) = response.await.into_parts();
        let mut body = match body {
            ReplyBody::Whole(body) => {
                let body = body.map_err(|never| match never {}).boxed_unsync();
                // Sending fails if the sender was dropped, which cancels the request.
                let _ = head.send((parts, Ok(body)));
                return;
            }
            body => body,
        };
        let (frames, receiver) = mpsc::channel(1);
        if head.send((parts, Err(receiver))).is_err() {
            return;
        }
        while let Some(frame) = body.frame().await {
            if frames.send(frame).await.is_err() {
                return;
            }
        }
    });
    let task = AbortOnDrop(task.abort_handle());
    async move {
        let (parts, body) = received.await.ok()?;
        let body = body.unwrap_or_else(|frames| {
            let body = ChannelBody {
                frames,
                _task: task,
            };
            body.boxed_unsync()
        });
        Some(Response::from_parts(parts, body))
    }
}

/// Aborts a task when it is dropped.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Body that receives its frames through a channel.
struct ChannelBody {
    frames: mpsc::Receiver<Result<Frame<Bytes>, BodyError>>,
    _task: AbortOnDrop,
}

impl Body for ChannelBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.frames.poll_recv(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        tokio::task::LocalSet::new().block_on(&runtime.unwrap(), future)
    }

    /// Returns a body of `number` chunks, and a counter of the chunks that were polled.
    fn counted(number: u32) -> (ReplyBody, Rc<Cell<u32>>) {
        let polled = Rc::new(Cell::new(0));
        let count = polled.clone();
        let pieces = futures_util::stream::unfold(0, move |at| {
            count.set(at + 1);
            let piece = Ok::<_, BodyError>(Frame::data(Bytes::from_static(b"piece")));
            std::future::ready((at < number).then_some((piece, at + 1)))
        });
        let body = http_body_util::StreamBody::new(pieces);
        (ReplyBody::stream(body), polled)
    }

    #[test]
    fn passes_complete_and_streamed_responses() {
        block_on(async {
            let whole = Response::new(ReplyBody::from(Bytes::from_static(b"whole")));
            let response = spawn(async { whole }).await.unwrap();
            let body = response.into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes(), "whole");
            let (body, polled) = counted(7);
            let response = spawn(async { Response::new(body) }).await.unwrap();
            tokio::task::yield_now().await;
            // No chunk was read: one is in the channel, and one waits to be sent.
            assert!(polled.get() <= 2, "{}", polled.get());
            let body = response.into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes(), "piece".repeat(7));
        });
    }

    #[test]
    fn dropping_the_response_cancels_the_request() {
        struct Ended(Rc<Cell<bool>>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        block_on(async {
            let ended = Rc::new(Cell::new(false));
            let guard = Ended(ended.clone());
            let response = spawn(async move {
                let _guard = guard;
                std::future::pending().await
            });
            tokio::task::yield_now().await;
            assert!(!ended.get());
            drop(response);
            tokio::task::yield_now().await;
            assert!(ended.get());
            let (body, polled) = counted(1000);
            let response = spawn(async { Response::new(body) }).await.unwrap();
            drop(response);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            assert!(polled.get() <= 2, "{}", polled.get());
        });
    }
}
