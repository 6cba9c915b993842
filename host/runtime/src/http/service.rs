//! Calls of `wasi:http` 0.3 apps: an instance serves several requests at once.
//!
//! A dedicated task owns each instance and runs its event loop. The task of a request waits for
//! the instance's messages, so that its deadline holds whatever the guest does. wasmtime cannot
//! cancel one of several calls of an instance: if a call exceeds its deadline or its client
//! disconnects, the instance retires.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::oneshot;

use super::call::{Fate, Head, HttpCall, HttpOptions};
use super::failure::HttpFailure;
use super::member::Job;
use super::reply::{HttpReply, Progress, ReplyHead};
use super::seat::Seat;
use super::upload::GuestBody;
use crate::deadline::Deadline;
use crate::error::CallError;
use crate::pool::Pool;
use crate::stages::{Stage, Stamp};
use crate::stats::RecycleReason;

/// The first event of a request.
enum First {
    /// `None` if the instance has ended.
    Answered(Option<Head>),
    Refused,
    Late,
}

impl Pool {
    /// Answers a request of an app for `wasi:http` 0.3.
    ///
    /// # Errors
    /// Same as [`Pool::proxy`].
    pub async fn serve<B>(
        self: &Rc<Self>,
        request: http::Request<GuestBody<B>>,
        call: &Arc<HttpCall>,
        options: HttpOptions,
    ) -> Result<HttpReply, HttpFailure>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Send + Unpin + 'static,
    {
        let start = Stamp::now();
        let seat = self.seat(call, options.isolation);
        let seat = Pending(Some(self.within(options.deadline, seat).await?));
        let (reply, answered) = oneshot::channel();
        call.stages().enter(Stamp::now());
        seat.give(Job {
            request: request.map(|body| body.boxed_unsync()),
            call: call.clone(),
            reply,
        });
        let first = first(answered, call, options.deadline, start).await;
        attribute(call);
        // A rejected body decides the reply, whatever the guest answered after it saw the
        // body end early.
        if let Some(why) = call.take_upload_error() {
            seat.retire(RecycleReason::Cancelled);
            return Err(HttpFailure::Upload(why));
        }
        let head = match first {
            First::Answered(Some(Ok(head))) => head,
            First::Answered(Some(Err(code))) => {
                seat.finish();
                return Err(HttpFailure::Call(CallError::Failure {
                    message: format!("the guest answered with the error `{code}`"),
                    detail: String::new(),
                }));
            }
            First::Answered(None) => return Err(seat.finish().into()),
            First::Late | First::Refused => {
                seat.retire(RecycleReason::Deadline);
                return Err(CallError::Deadline(options.deadline).into());
            }
        };
        let reply = ReplyHead::new(head, options.is_head, &self.component.limits())?;
        call.record_progress();
        // Most bodies are complete by now.
        match reply.reply_so_far(call)? {
            Progress::Whole(reply) => {
                seat.finish();
                Ok(reply)
            }
            Progress::Streaming(reply) => {
                tokio::task::spawn_local(watch(seat.take(), call.clone(), options.deadline));
                Ok(reply)
            }
        }
    }
}

/// The seat of a request that waits for its head. It is dropped when the client disconnects.
struct Pending(Option<Seat>);

impl Pending {
    fn give(&self, job: Job) {
        if let Some(seat) = &self.0 {
            seat.give(job);
        }
    }

    fn retire(mut self, why: RecycleReason) {
        if let Some(seat) = self.0.take() {
            seat.member.retire(why);
        }
    }

    /// Returns the seat, and the error that ended the instance, if it has ended.
    fn finish(mut self) -> CallError {
        let seat = self.0.take();
        let gone = || CallError::Instantiate("the instance of this call was dropped".to_owned());
        seat.map_or_else(gone, |seat| seat.member.failure())
    }

    fn take(mut self) -> Option<Seat> {
        self.0.take()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(seat) = &self.0 {
            seat.member.retire(RecycleReason::Cancelled);
        }
    }
}

/// Waits for the head of the reply, the instance's end or the deadline.
async fn first(
    mut answered: oneshot::Receiver<Head>,
    call: &HttpCall,
    limit: Duration,
    start: Stamp,
) -> First {
    let mut deadline = Deadline::default();
    poll_fn(|cx| {
        call.register_driver(cx.waker());
        if let Poll::Ready(answer) = pin!(&mut answered).poll(cx) {
            return Poll::Ready(First::Answered(answer.ok()));
        }
        if call.is_upload_rejected() {
            return Poll::Ready(First::Refused);
        }
        let late = deadline.poll(cx, limit, || call.passed(start));
        late.map(|()| First::Late)
    })
    .await
}

/// Adds the whole time to the guest's stage: with several requests in one instance, the
/// host cannot tell how long each waited for imports.
fn attribute(call: &HttpCall) {
    let stages = call.stages();
    stages.add(Stage::Guest, Stamp::now().since(stages.entered()));
}

/// Waits until a reply is sent, as long as each chunk of a body passes within `limit`.
async fn watch(seat: Option<Seat>, call: Arc<HttpCall>, limit: Duration) {
    let mut deadline = Deadline::default();
    let is_late = poll_fn(|cx| {
        call.register_driver(cx.waker());
        if call.fate() != Fate::Running {
            return Poll::Ready(false);
        }
        deadline
            .poll(cx, limit, || call.since_progress())
            .map(|()| true)
    })
    .await;
    let Some(seat) = seat else { return };
    if is_late {
        call.report(&call.stall(limit));
        seat.member.retire(RecycleReason::Deadline);
        call.end(Fate::Failed);
    } else if call.fate() == Fate::Abandoned {
        seat.member.retire(RecycleReason::Cancelled);
    }
}
