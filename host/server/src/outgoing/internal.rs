//! Requests of one app to another in the same host, which take no socket: they are
//! answered by the same worker, through the pipeline of the other app, with its limits and
//! its figures.
//!
//! A worker's apps stay on its thread, while what the engine holds may change threads.
//! So a request is put into the worker's inbox, and its response comes back through
//! channels that hold one piece of the body at a time.

use std::cell::RefCell;
use std::future::Future;

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody as Frames};
use hyper::body::Frame;
use hyper::{Request, Response};
use spikard_wasm_runtime::{BodyError, OutboundError, Sent, StreamBody};
use tokio::sync::{mpsc, oneshot};

use crate::response::HttpResponse;

/// A request for an app of this worker.
pub(crate) struct InternalRequest {
    /// The app's name.
    pub(crate) app: String,
    pub(crate) request: Request<StreamBody>,
    /// How many apps have called one another for it.
    pub(crate) depth: u32,
    reply: oneshot::Sender<Sent>,
}

/// What a worker takes internal requests from.
pub(crate) type Inbox = mpsc::UnboundedReceiver<InternalRequest>;

/// A worker's side of internal requests.
pub(crate) struct Internal;

thread_local! {
    static INBOX: RefCell<Option<mpsc::UnboundedSender<InternalRequest>>> = const { RefCell::new(None) };
}

impl Internal {
    /// Opens the inbox of this thread's worker.
    pub(crate) fn open() -> Inbox {
        let (sender, inbox) = mpsc::unbounded_channel();
        INBOX.set(Some(sender));
        inbox
    }
}

/// Sends a request to another app of this worker.
pub(super) fn send(
    app: String,
    request: Request<StreamBody>,
    depth: u32,
) -> impl Future<Output = Sent> + Send + use<> {
    let (reply, sent) = oneshot::channel();
    let name = app.clone();
    let request = InternalRequest {
        app,
        request,
        depth,
        reply,
    };
    let given = INBOX.with_borrow(|inbox| match inbox {
        Some(inbox) => inbox.send(request).is_ok(),
        None => false,
    });
    async move {
        let lost = || {
            OutboundError::Connect(
                format!("http://{name}.app.internal"),
                "the host stops".to_owned(),
            )
        };
        match given {
            true => sent.await.unwrap_or_else(|_| Err(lost())),
            false => Err(lost()),
        }
    }
}

impl InternalRequest {
    /// There is no app of this name.
    pub(crate) fn refuse(self) {
        let _ = self.reply.send(Err(OutboundError::Dns(format!(
            "{}.app.internal",
            self.app
        ))));
    }

    /// Answers it, unless the app that sent it does not wait any more.
    pub(crate) async fn answer<F>(self, respond: impl FnOnce(Request<StreamBody>, u32) -> F)
    where
        F: Future<Output = HttpResponse>,
    {
        let Self {
            request,
            depth,
            mut reply,
            ..
        } = self;
        let response = tokio::select! {
            response = respond(request, depth) => response,
            () = reply.closed() => return,
        };
        let (head, mut body) = response.into_parts();
        let (pieces, received) = mpsc::channel::<Result<Frame<Bytes>, BodyError>>(1);
        let frames = futures_util::stream::unfold(received, async |mut received| {
            let frame = received.recv().await?;
            Some((frame, received))
        });
        let streamed = Frames::new(frames).boxed_unsync();
        if reply
            .send(Ok(Response::from_parts(head, streamed)))
            .is_err()
        {
            return;
        }
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                () = pieces.closed() => return,
            };
            let Some(frame) = frame else { return };
            if pieces.send(frame).await.is_err() {
                return;
            }
        }
    }
}
