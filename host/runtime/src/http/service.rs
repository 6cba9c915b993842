//! Calls of apps for `wasi:http` 0.3: several requests at once in an instance.
//!
//! An instance belongs to a task of its own, which runs its event loop. A request is in
//! a task of its own too, and waits there for what the instance sends: so that it keeps
//! its deadline whatever the guest does meanwhile. wasmtime cannot cancel one of several
//! calls; where one is late or nobody wants it, the instance retires.

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

use super::call::{Fate, Head, HttpCall, HttpOptions, Patience};
use super::failure::HttpFailure;
use super::member::Job;
use super::reply::{Checked, HttpReply, Settled};
use super::seat::Seat;
use super::upload::GuestBody;
use crate::error::CallError;
use crate::pool::Pool;
use crate::stages::{Stage, Stamp};
use crate::stats::Recycled;

/// What happens first to a request.
enum First {
    /// `None` where the instance is gone.
    Answered(Option<Head>),
    Refused,
    Late,
}

impl Pool {
    /// Answers a request of an app for `wasi:http` 0.3.
    ///
    /// # Errors
    /// As [`Pool::proxy`].
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
        // What a guest makes of a body that it cannot have is nothing to go by.
        if let Some(why) = call.refusal() {
            seat.gives_up(Recycled::Cancelled);
            return Err(HttpFailure::Upload(why));
        }
        let head = match first {
            First::Answered(Some(Ok(head))) => head,
            First::Answered(Some(Err(code))) => {
                seat.done();
                return Err(HttpFailure::Call(CallError::Failure {
                    message: format!("the guest answered with the error `{code}`"),
                    detail: String::new(),
                }));
            }
            First::Answered(None) => return Err(seat.done().into()),
            First::Late | First::Refused => {
                seat.gives_up(Recycled::Deadline);
                return Err(CallError::Deadline(options.deadline).into());
            }
        };
        let reply = Checked::new(head, options.is_head, &self.component.limits())?;
        call.moves();
        // A short body is there by now.
        match reply.settled(call)? {
            Settled::Whole(reply) => {
                seat.done();
                Ok(reply)
            }
            Settled::Going(reply) => {
                tokio::task::spawn_local(watch(seat.take(), call.clone(), options.deadline));
                Ok(reply)
            }
        }
    }
}

/// A request whose head is not there yet: dropped so, its client went away.
struct Pending(Option<Seat>);

impl Pending {
    fn give(&self, job: Job) {
        if let Some(seat) = &self.0 {
            seat.give(job);
        }
    }

    fn gives_up(mut self, why: Recycled) {
        if let Some(seat) = self.0.take() {
            seat.member.retire(why);
        }
    }

    /// Gives it back; says what became of its instance, where that is gone.
    fn done(mut self) -> CallError {
        let seat = self.0.take();
        let gone = || CallError::Instantiate("the instance of this call is gone".to_owned());
        seat.map_or_else(gone, |seat| seat.member.death())
    }

    fn take(mut self) -> Option<Seat> {
        self.0.take()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(seat) = &self.0 {
            seat.member.retire(Recycled::Cancelled);
        }
    }
}

/// Waits until the head is there, or will not be.
async fn first(
    mut answered: oneshot::Receiver<Head>,
    call: &HttpCall,
    deadline: Duration,
    start: Stamp,
) -> First {
    let mut patience = Patience::default();
    poll_fn(|cx| {
        call.wakes_driver(cx.waker());
        if let Poll::Ready(answer) = pin!(&mut answered).poll(cx) {
            return Poll::Ready(First::Answered(answer.ok()));
        }
        if call.is_refused() {
            return Poll::Ready(First::Refused);
        }
        let lasted = || {
            let lasted = Duration::from_nanos(Stamp::now().since(start));
            lasted.saturating_sub(call.waited())
        };
        let late = patience.poll(cx, deadline, lasted);
        late.map(|()| First::Late)
    })
    .await
}

/// Says how long the guest took: what it waited for meanwhile, and for whom, is not known
/// of several requests in one instance.
fn attribute(call: &HttpCall) {
    let stages = call.stages();
    stages.add(Stage::Guest, Stamp::now().since(stages.entered()));
}

/// Waits until a reply is sent, for as long as pieces of a body go through in time.
async fn watch(seat: Option<Seat>, call: Arc<HttpCall>, deadline: Duration) {
    let mut patience = Patience::default();
    let is_late = poll_fn(|cx| {
        call.wakes_driver(cx.waker());
        if call.fate() != Fate::Running {
            return Poll::Ready(false);
        }
        patience.poll(cx, deadline, || call.still()).map(|()| true)
    })
    .await;
    let Some(seat) = seat else { return };
    if is_late {
        let error = match call.is_wanted() {
            true => CallError::Stalled(deadline),
            false => CallError::Unread(deadline),
        };
        call.report(&error);
        seat.member.retire(Recycled::Deadline);
        call.ended(Fate::Failed);
    } else if call.fate() == Fate::Abandoned {
        seat.member.retire(Recycled::Cancelled);
    }
}
