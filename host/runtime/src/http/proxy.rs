//! Calls of `wasi:http` 0.2 apps: an instance serves one request at a time.
//!
//! Most guests set their whole reply and return before they wait for anything. So a guest runs in
//! the task of its request until it sets the head of the reply. It moves to a separate task only
//! if it is still running then.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use spikard_wasm_app::Isolation;

use super::call::{Fate, HttpCall, HttpOptions};
use super::failure::HttpFailure;
use super::reply::{HttpReply, ReplyHead};
use super::upload::GuestBody;
use crate::abi::wasi_http::ProxyParams;
use crate::current::Current;
use crate::deadline::Deadline;
use crate::error::CallError;
use crate::pool::{Lease, Pool, Running};
use crate::stages::{Stage, Stamp};
use crate::stats::RecycleReason;

/// A running guest. Dropping it before it ends discards its instance.
type Guest = Pin<Box<dyn Future<Output = Result<(), CallError>>>>;

/// The first event of a call.
enum First {
    Ended(Result<(), CallError>),
    Head,
    Refused,
    Late,
}

impl Pool {
    /// Answers a request of an app for `wasi:http` 0.2.
    ///
    /// # Errors
    /// The guest failed, trapped or exceeded its deadline, no instance was available, or the body
    /// of the request was rejected. Dropping the future cancels the call.
    pub async fn proxy<B>(
        self: &Rc<Self>,
        request: http::Request<GuestBody<B>>,
        call: &Arc<HttpCall>,
        options: HttpOptions,
    ) -> Result<HttpReply, HttpFailure>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Send + Unpin + 'static,
    {
        let start = Stamp::now();
        let begin = self.begin_proxy(request, call, options.isolation);
        let mut guest = self.within(options.deadline, begin).await?;
        let limits = self.component.limits();
        let checked = |head| match head {
            Some(Ok(head)) => ReplyHead::new(head, options.is_head, &limits),
            Some(Err(code)) => Err(CallError::Failure {
                message: format!("the guest answered with the error `{code}`"),
                detail: String::new(),
            }),
            None => Err(CallError::BadReply(
                "the guest returned without one (`response-outparam.set`)".to_owned(),
            )),
        };
        let first = first(&mut guest, call, options.deadline, start).await;
        // A rejected body decides the reply, whatever the guest answered after it saw the
        // body end early.
        if let Some(why) = call.take_upload_error() {
            drop(guest);
            return Err(HttpFailure::Upload(why));
        }
        match first {
            First::Ended(Ok(())) => {
                let reply = checked(call.take_head())?;
                Ok(reply.whole(call)?)
            }
            First::Ended(Err(error)) => Err(error.into()),
            First::Head => {
                let reply = checked(call.take_head())?;
                call.record_progress();
                let drive = drive(guest, call.clone(), options.deadline, self.clone());
                tokio::task::spawn_local(drive);
                Ok(reply.stream(Vec::new(), call, false))
            }
            First::Late | First::Refused => {
                self.drop_late(|| drop(guest));
                Err(CallError::Deadline(options.deadline).into())
            }
        }
    }

    /// Leases an instance and starts the call in it.
    async fn begin_proxy<B>(
        self: &Rc<Self>,
        request: http::Request<GuestBody<B>>,
        call: &Arc<HttpCall>,
        isolation: Isolation,
    ) -> Result<Guest, CallError>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Send + Unpin + 'static,
    {
        let mut lease = self.lease(isolation, call.stages()).await?;
        lease.fill(call.stages()).await?;
        let mut running = Running::begin(lease, Current::Http(call.clone()))?;
        let start = Stamp::now();
        let params = match running.instance()?.prepare_proxy(request, call) {
            Ok(params) => params,
            Err(error) => return running.end(Err(error)),
        };
        let now = Stamp::now();
        call.stages().add(Stage::Enter, now.since(start));
        call.stages().enter(now);
        Ok(Box::pin(run(running, params, call.clone())))
    }
}

/// Runs the guest to its end. The call owns its lease: an instance that ended without an error
/// returns to the pool.
async fn run(
    mut running: Running<Lease>,
    params: ProxyParams,
    call: Arc<HttpCall>,
) -> Result<(), CallError> {
    let result = running.instance()?.proxy(params).await;
    running.attribute(Stamp::now());
    if result.is_ok() && !call.has_head() {
        // An instance that sets no reply may not be able to any more: StarlingMonkey
        // serves one fetch event in its life.
        running.discard(RecycleReason::Trap);
        return Ok(());
    }
    running.end(result)
}

/// Runs a guest until it sets the head of the reply, or ends.
async fn first(guest: &mut Guest, call: &HttpCall, limit: Duration, start: Stamp) -> First {
    let mut deadline = Deadline::default();
    let mut polled = 0;
    let mut had_head = false;
    poll_fn(|cx| {
        let since = Stamp::now();
        if let Poll::Ready(result) = guest.as_mut().poll(cx) {
            return Poll::Ready(First::Ended(result));
        }
        let now = Stamp::now();
        polled += now.since(since);
        if call.has_head() {
            // The guest may only have yielded at a tick, and end in its next turn.
            if !had_head {
                had_head = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            attribute(call, polled, now);
            return Poll::Ready(First::Head);
        }
        if call.is_upload_rejected() {
            attribute(call, polled, now);
            return Poll::Ready(First::Refused);
        }
        let late = deadline.poll(cx, limit, || call.passed(start));
        late.map(|()| {
            attribute(call, polled, now);
            First::Late
        })
    })
    .await
}

/// Adds the time of a guest that is still running to the stages of its request: the `polled`
/// nanoseconds on the CPU count as guest time, the rest as the wait for imports.
fn attribute(call: &HttpCall, polled: u64, now: Stamp) {
    let stages = call.stages();
    let all = now.since(stages.entered());
    let yielded = stages.nanos(Stage::Yield);
    stages.add(Stage::Guest, polled);
    let rest = all.saturating_sub(polled).saturating_sub(yielded);
    stages.add(Stage::Imports, rest);
}

/// The end of a guest that was still running when it set the head of its reply.
enum End {
    Ended(Result<(), CallError>),
    Abandoned,
    Late,
}

/// Runs a guest to its end, as long as the client is connected and each chunk of a body passes
/// within `limit`.
async fn drive(mut guest: Guest, call: Arc<HttpCall>, limit: Duration, pool: Rc<Pool>) {
    let mut deadline = Deadline::default();
    let end = poll_fn(|cx| {
        call.register_driver(cx.waker());
        if let Poll::Ready(result) = guest.as_mut().poll(cx) {
            return Poll::Ready(End::Ended(result));
        }
        if call.fate() == Fate::Abandoned {
            return Poll::Ready(End::Abandoned);
        }
        let late = deadline.poll(cx, limit, || call.since_progress());
        late.map(|()| End::Late)
    })
    .await;
    match end {
        End::Ended(Ok(())) => call.end(Fate::Returned),
        End::Ended(Err(error)) => {
            call.report(&error);
            call.end(Fate::Failed);
        }
        End::Abandoned => drop(guest),
        End::Late => {
            call.report(&call.stall(limit));
            pool.drop_late(|| drop(guest));
            call.end(Fate::Failed);
        }
    }
}
