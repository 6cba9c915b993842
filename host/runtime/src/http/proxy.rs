//! Calls of apps for `wasi:http` 0.2: one request in an instance at a time.
//!
//! Most guests say all of their reply and return before they wait for anything. So a
//! guest runs in the task of its request until the head is there, and moves to a task of
//! its own only where it goes on after that.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use spikard_wasm_app::Isolation;

use super::call::{Fate, HttpCall, HttpOptions, Patience};
use super::failure::HttpFailure;
use super::reply::{Checked, HttpReply};
use super::upload::GuestBody;
use crate::abi::wasi_http::ProxyParams;
use crate::error::{CallError, root_cause, trace};
use crate::instance::Instance;
use crate::pool::{Pool, Slot};
use crate::stages::{Stage, Stamp};
use crate::stats::Recycled;

/// A guest that answers a request. Dropped half-way, its instance is lost.
type Guest = Pin<Box<dyn Future<Output = Result<(), CallError>>>>;

/// What happens first.
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
    /// The guest failed, trapped or took too long, there is no instance for it, or the
    /// body of the request cannot be taken. Dropping the future cancels the call.
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
            Some(Ok(head)) => Checked::new(head, options.is_head, &limits),
            Some(Err(code)) => Err(CallError::Failure {
                message: format!("the guest answered with the error `{code}`"),
                detail: String::new(),
            }),
            None => Err(CallError::BadReply(
                "the guest returned without one (`response-outparam.set`)".to_owned(),
            )),
        };
        let first = first(&mut guest, call, options.deadline, start).await;
        // What a guest makes of a body that it cannot have is nothing to go by.
        if let Some(why) = call.refusal() {
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
                call.moves();
                let drive = drive(guest, call.clone(), options.deadline, self.clone());
                tokio::task::spawn_local(drive);
                Ok(reply.stream(Vec::new(), call, false))
            }
            First::Late | First::Refused => {
                self.drop_late(guest);
                Err(CallError::Deadline(options.deadline).into())
            }
        }
    }

    /// Takes an instance and begins the call there.
    async fn begin_proxy<B>(
        self: &Rc<Self>,
        request: http::Request<GuestBody<B>>,
        call: &Arc<HttpCall>,
        isolation: Isolation,
    ) -> Result<Guest, CallError>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Send + Unpin + 'static,
    {
        let slot = self.slot(call.stages()).await?;
        let instance = match self.take(isolation) {
            Some(instance) => instance,
            None => {
                let start = Stamp::now();
                let made = self.make().await;
                let stages = call.stages();
                stages.add(Stage::Instance, Stamp::now().since(start));
                made?
            }
        };
        self.stats().leased_by(1);
        let mut running = Running {
            instance: Some(instance),
            isolation,
            call: call.clone(),
            slot,
        };
        let entered = Stamp::now();
        let prepared = match &mut running.instance {
            Some(instance) => instance.prepare_proxy(request, call),
            None => Err(gone()),
        };
        let params = prepared.map_err(|error| CallError::Trap {
            message: root_cause(&error),
            detail: trace(&error),
        })?;
        let now = Stamp::now();
        call.stages().add(Stage::Enter, now.since(entered));
        call.stages().enter(now);
        Ok(Box::pin(running.run(params)))
    }

    /// Drops a guest that took too long.
    fn drop_late(&self, guest: Guest) {
        self.dropped_for.set(Recycled::Deadline);
        drop(guest);
        self.dropped_for.set(Recycled::Cancelled);
    }
}

/// Runs a guest until it says what the head is, or ends.
async fn first(guest: &mut Guest, call: &HttpCall, deadline: Duration, start: Stamp) -> First {
    let mut patience = Patience::default();
    let mut polled = 0;
    poll_fn(|cx| {
        let since = Stamp::now();
        if let Poll::Ready(result) = guest.as_mut().poll(cx) {
            return Poll::Ready(First::Ended(result));
        }
        let now = Stamp::now();
        polled += now.since(since);
        if call.has_head() {
            attribute(call, polled, now);
            return Poll::Ready(First::Head);
        }
        if call.is_refused() {
            attribute(call, polled, now);
            return Poll::Ready(First::Refused);
        }
        let lasted = || {
            let lasted = Duration::from_nanos(Stamp::now().since(start));
            lasted.saturating_sub(call.waited())
        };
        let late = patience.poll(cx, deadline, lasted);
        late.map(|()| {
            attribute(call, polled, now);
            First::Late
        })
    })
    .await
}

/// Says where the time of a guest went that has not ended: what it was polled for is its
/// own, the rest is what it waited for.
fn attribute(call: &HttpCall, polled: u64, now: Stamp) {
    let stages = call.stages();
    let all = now.since(stages.entered());
    let yielded = stages.nanos(Stage::Yield);
    stages.add(Stage::Guest, polled);
    let rest = all.saturating_sub(polled).saturating_sub(yielded);
    stages.add(Stage::Imports, rest);
}

/// What becomes of a guest whose head is there.
enum Then {
    Ended(Result<(), CallError>),
    Abandoned,
    Late,
}

/// Runs a guest to its end, for as long as pieces of a body go through in time and
/// somebody wants them.
async fn drive(mut guest: Guest, call: Arc<HttpCall>, deadline: Duration, pool: Rc<Pool>) {
    let mut patience = Patience::default();
    let then = poll_fn(|cx| {
        call.wakes_driver(cx.waker());
        if let Poll::Ready(result) = guest.as_mut().poll(cx) {
            return Poll::Ready(Then::Ended(result));
        }
        if call.fate() == Fate::Abandoned {
            return Poll::Ready(Then::Abandoned);
        }
        let late = patience.poll(cx, deadline, || call.still());
        late.map(|()| Then::Late)
    })
    .await;
    match then {
        Then::Ended(Ok(())) => call.ended(Fate::Returned),
        Then::Ended(Err(error)) => {
            call.report(&error);
            call.ended(Fate::Failed);
        }
        Then::Abandoned => drop(guest),
        Then::Late => {
            let error = match call.is_wanted() {
                true => CallError::Stalled(deadline),
                false => CallError::Unread(deadline),
            };
            call.report(&error);
            pool.drop_late(guest);
            call.ended(Fate::Failed);
        }
    }
}

/// An instance that answers a request. Dropped with the call, it is lost.
struct Running {
    instance: Option<Instance>,
    isolation: Isolation,
    call: Arc<HttpCall>,
    slot: Slot,
}

impl Running {
    async fn run(mut self, params: ProxyParams) -> Result<(), CallError> {
        let instance = match &mut self.instance {
            Some(instance) => instance,
            None => return Err(CallError::Instantiate(gone().to_string())),
        };
        let result = instance.proxy(params).await;
        self.end(result)
    }

    /// Keeps the instance of a call that ended well.
    fn end(&mut self, result: wasmtime::Result<()>) -> Result<(), CallError> {
        let Some(mut instance) = self.instance.take() else {
            return Err(CallError::Instantiate(gone().to_string()));
        };
        // A head that is sent was counted with the time it took.
        if self.call.stages().nanos(Stage::Guest) == 0 {
            instance.attribute(self.call.stages(), 0, Stamp::now());
        }
        instance.end();
        match result {
            // One that does not answer may not be able to any more: StarlingMonkey has one
            // fetch event in its life.
            Ok(()) if !self.call.has_head() => {
                self.slot.pool().discard(instance, Recycled::Trap);
                Ok(())
            }
            Ok(()) => {
                self.slot.pool().give_back(instance, self.isolation);
                Ok(())
            }
            Err(error) => {
                self.slot.pool().discard(instance, Recycled::Trap);
                Err(CallError::Trap {
                    message: root_cause(&error),
                    detail: trace(&error),
                })
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pool = self.slot.pool();
        pool.stats().leased_by(-1);
        if let Some(instance) = self.instance.take() {
            pool.discard(instance, pool.dropped_for.get());
        }
    }
}

fn gone() -> wasmtime::Error {
    wasmtime::Error::msg("the instance of this call is gone")
}
