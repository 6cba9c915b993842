//! Requests from an app to another app of the host, dispatched on the same worker without a socket.
//!
//! The sender must be `Send`, but an app in a worker is not. So a task of the worker makes the
//! response and passes its chunks through a channel, one at a time.

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

/// What answers requests of apps to other apps, on one worker.
pub(crate) trait Dispatch {
    /// Gives a request to the app of a name; `None` if there is no such app. `depth` is
    /// that of the request that is sent.
    fn dispatch(
        &self,
        name: &str,
        request: Request<StreamBody>,
        depth: u32,
    ) -> Option<Pin<Box<dyn Future<Output = HttpResponse>>>>;
}

thread_local! {
    /// What answers on the worker that runs on this thread.
    static HERE: RefCell<Option<Weak<dyn Dispatch>>> = const { RefCell::new(None) };
}

/// Makes `apps` answer the requests that apps on this thread send to one another.
pub(crate) fn answer_here(apps: Weak<dyn Dispatch>) {
    HERE.set(Some(apps));
}

/// Gives a request to the app of a name, on the worker that runs on this thread; `None`
/// if there is no such app. The future gives `None` if the worker stops before there is
/// an answer. Dropping it, or the body of the answer, cancels the request.
pub(crate) fn dispatch(
    name: &str,
    request: Request<StreamBody>,
    depth: u32,
) -> Option<impl Future<Output = Option<Response<StreamBody>>> + Send + use<>> {
    let apps = HERE.with_borrow(|here| here.as_ref().and_then(Weak::upgrade))?;
    let answer = apps.dispatch(name, request, depth)?;
    Some(carry(answer))
}

/// Answers in a task of this thread.
fn carry(
    answer: impl Future<Output = HttpResponse> + 'static,
) -> impl Future<Output = Option<Response<StreamBody>>> + Send {
    let (head, received) = oneshot::channel();
    let task = tokio::task::spawn_local(async move {
        let (parts, body) = answer.await.into_parts();
        let mut body = match body {
            ReplyBody::Whole(body) => {
                let body = body.map_err(|never| match never {}).boxed_unsync();
                // Who is gone needs no answer.
                let _ = head.send((parts, Ok(body)));
                return;
            }
            body => body,
        };
        let (pieces, arriving) = mpsc::channel(1);
        if head.send((parts, Err(arriving))).is_err() {
            return;
        }
        while let Some(piece) = body.frame().await {
            if pieces.send(piece).await.is_err() {
                return;
            }
        }
    });
    let task = Task(task.abort_handle());
    async move {
        let (parts, body) = received.await.ok()?;
        let body = body.unwrap_or_else(|pieces| {
            let body = Pieces {
                pieces,
                _task: task,
            };
            body.boxed_unsync()
        });
        Some(Response::from_parts(parts, body))
    }
}

/// A task that ends with the value.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A body whose pieces come through a channel.
struct Pieces {
    pieces: mpsc::Receiver<Result<Frame<Bytes>, BodyError>>,
    _task: Task,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.pieces.poll_recv(cx)
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

    /// A body of so many pieces, which counts those that were asked for.
    fn counted(number: u32) -> (ReplyBody, Rc<Cell<u32>>) {
        let asked = Rc::new(Cell::new(0));
        let count = asked.clone();
        let pieces = futures_util::stream::unfold(0, move |at| {
            count.set(at + 1);
            let piece = Ok::<_, BodyError>(Frame::data(Bytes::from_static(b"piece")));
            std::future::ready((at < number).then_some((piece, at + 1)))
        });
        let body = http_body_util::StreamBody::new(pieces);
        (ReplyBody::stream(body), asked)
    }

    #[test]
    fn answers_are_carried_whole_and_in_pieces() {
        block_on(async {
            let whole = Response::new(ReplyBody::from(Bytes::from_static(b"whole")));
            let response = carry(async { whole }).await.unwrap();
            let body = response.into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes(), "whole");
            let (body, asked) = counted(7);
            let response = carry(async { Response::new(body) }).await.unwrap();
            tokio::task::yield_now().await;
            // Nobody has read a piece: one is in the channel, one waits before it.
            assert!(asked.get() <= 2, "{}", asked.get());
            let body = response.into_body().collect().await.unwrap();
            assert_eq!(body.to_bytes(), "piece".repeat(7));
        });
    }

    #[test]
    fn who_is_not_wanted_any_more_is_stopped() {
        struct Ended(Rc<Cell<bool>>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.set(true);
            }
        }
        block_on(async {
            let ended = Rc::new(Cell::new(false));
            let guard = Ended(ended.clone());
            let answer = carry(async move {
                let _guard = guard;
                std::future::pending().await
            });
            tokio::task::yield_now().await;
            assert!(!ended.get());
            drop(answer);
            tokio::task::yield_now().await;
            assert!(ended.get());
            let (body, asked) = counted(1000);
            let response = carry(async { Response::new(body) }).await.unwrap();
            drop(response);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            assert!(asked.get() <= 2, "{}", asked.get());
        });
    }
}
