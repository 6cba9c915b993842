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
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::uri::{Authority, Scheme};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::sync::oneshot;
use wasmtime::component::{Accessor, Func, Resource, TypedFunc};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{FieldMap, WasiHttpView};

use super::call::{Fate, Head, HttpCall, HttpOptions, Patience};
use super::failure::HttpFailure;
use super::members::{Job, Member, Seat};
use super::reply::{Checked, HttpReply, Settled};
use super::upload::GuestBody;
use crate::error::CallError;
use crate::instance::{Instance, State};
use crate::pool::{Pool, root_cause, trace};
use crate::stages::{Stage, Stamp};
use crate::stats::Recycled;

type Params = (Resource<Request>,);
type Results = (Result<Resource<Response>, ErrorCode>,);

/// Checks the type of the export, on which every call relies.
pub(crate) fn check_service(instance: &mut Instance) -> wasmtime::Result<()> {
    let handle = instance.handle.typed::<Params, Results>(&instance.store);
    handle.map(drop)
}

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

/// Runs an instance until it is to go.
pub(super) async fn run(mut instance: Instance, member: Rc<Member>, pool: Rc<Pool>) {
    instance.begin_service(&member.on_cpu);
    let handle = instance.handle;
    let most_memory = pool.recycling.max_memory;
    let idle = pool.recycling.idle;
    let result = {
        let member = &member;
        let events = instance.store.run_concurrent(async |accessor| {
            let mut running = FuturesUnordered::new();
            poll_fn(|cx| {
                loop {
                    let job = member.inbox.borrow_mut().pop_front();
                    let Some(job) = job else { break };
                    running.push(answer(accessor, handle, job));
                }
                while let Poll::Ready(Some(ended)) = running.poll_next_unpin(cx) {
                    if let Err(error) = ended {
                        return Poll::Ready(Err(error));
                    }
                    let memory = accessor.with(|mut store| {
                        let state = store.data_mut();
                        state.end_lines();
                        state.memory()
                    });
                    if memory > most_memory {
                        member.retire(Recycled::Memory);
                    }
                }
                // What a guest does after its reply it may do until it is done.
                let is_last = member.active() == 0 && is_graceful(member.retired());
                match is_last && accessor.poll_no_interesting_tasks(cx).is_ready() {
                    true => Poll::Ready(Ok(())),
                    false => Poll::Pending,
                }
            })
            .await
        });
        let mut events = pin!(events);
        let mut patience = Patience::default();
        let mut woken = Box::pin(member.wake.notified());
        poll_fn(|cx| {
            while woken.as_mut().poll(cx).is_ready() {
                woken = Box::pin(member.wake.notified());
            }
            let was_on_cpu = member.on_cpu.load(Relaxed);
            if let Poll::Ready(result) = events.as_mut().poll(cx) {
                return Poll::Ready(result.and_then(|result| result));
            }
            if was_on_cpu && !member.on_cpu.load(Relaxed) {
                pool.has_room();
            }
            if member.active() != 0 {
                return Poll::Pending;
            }
            let lasted = || Duration::from_nanos(Stamp::now().since(member.idle_since.get()));
            match member.retired() {
                Some(why) if !is_graceful(Some(why)) => Poll::Ready(Ok(())),
                Some(_) => patience.poll(cx, idle, lasted).map(Ok),
                None => {
                    if patience.poll(cx, idle, lasted).is_ready() {
                        if pool.has_others() {
                            member.retire(Recycled::Idle);
                            return Poll::Ready(Ok(()));
                        }
                        member.idle_since.set(Stamp::now());
                        cx.waker().wake_by_ref();
                    }
                    Poll::Pending
                }
            }
        })
        .await
    };
    if let Err(error) = result {
        let others = member.active().saturating_sub(1);
        let message = match others {
            0 => root_cause(&error),
            _ => format!(
                "{}, which ended {others} other requests of the same instance",
                root_cause(&error)
            ),
        };
        member.fails(&CallError::Trap {
            message,
            detail: trace(&error),
        });
    }
    let why = member.retired().unwrap_or(Recycled::Trap);
    pool.stats().count(why);
    drop(instance);
    pool.remove_member(&member);
}

/// Whether an instance that retires may still end what its guest does.
fn is_graceful(why: Option<Recycled>) -> bool {
    matches!(
        why,
        Some(Recycled::Requests | Recycled::Memory | Recycled::Fresh)
    )
}

/// Lets the guest answer a request. An error is that of the instance.
async fn answer(accessor: &Accessor<State>, handle: Func, job: Job) -> wasmtime::Result<()> {
    let Job {
        request,
        call,
        reply,
    } = job;
    let (parts, body) = request.into_parts();
    let authority = match parts.uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => {
            let host = parts.headers.get(http::header::HOST);
            host.and_then(|host| Authority::try_from(host.as_bytes()).ok())
        }
    };
    let (request, sent) = accessor.with(|mut store| {
        let state: &mut State = store.data_mut();
        state.serves(call.depth());
        let view = state.http();
        let (request, sent) = Request::new(
            parts.method,
            Some(Scheme::HTTP),
            authority,
            parts.uri.into_parts().path_and_query,
            FieldMap::new_immutable(view.hooks, parts.headers),
            None,
            body,
        );
        wasmtime::error::Ok((view.table.push(request)?, sent))
    })?;
    // SAFETY: `check_service` checks the type of the export once, and every instance of a
    // component has the same types.
    #[allow(unsafe_code)]
    let handle = unsafe { TypedFunc::<Params, Results>::new_unchecked(handle) };
    let (result,) = handle.call_concurrent(accessor, (request,)).await?;
    let head = match result {
        Err(code) => Err(format!("{code:?}")),
        Ok(response) => Ok(accessor.with(|mut store| {
            let response = store.data_mut().http().table.delete(response)?;
            response.into_http(&mut store, sent)
        })?),
    };
    call.has_answered();
    // One that nobody waits for any more is dropped.
    let _ = reply.send(head);
    Ok(())
}
