//! The event loop of an instance that serves several requests at once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::member::Member;
use crate::abi::wasi_http::answer;
use crate::current::Current;
use crate::deadline::Deadline;
use crate::error::{CallError, root_cause, trace};
use crate::instance::Instance;
use crate::pool::Pool;
use crate::stages::Stamp;
use crate::stats::RecycleReason;

/// Runs an instance until it retires or traps.
pub(super) async fn run(mut instance: Instance, member: Rc<Member>, pool: Rc<Pool>) {
    instance.begin(Current::Service(member.on_cpu.clone()));
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
                    running.push(answer(accessor, handle, job.request, job.call, job.reply));
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
                        member.retire(RecycleReason::Memory);
                    }
                }
                // A guest may finish the work it does after its reply.
                let is_last = member.active() == 0 && is_graceful(member.retired());
                match is_last && accessor.poll_no_interesting_tasks(cx).is_ready() {
                    true => Poll::Ready(Ok(())),
                    false => Poll::Pending,
                }
            })
            .await
        });
        let mut events = pin!(events);
        let mut deadline = Deadline::default();
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
                pool.notify_room();
            }
            if member.active() != 0 {
                return Poll::Pending;
            }
            let idle_for = || Duration::from_nanos(Stamp::now().since(member.idle_since.get()));
            match member.retired() {
                Some(why) if !is_graceful(Some(why)) => Poll::Ready(Ok(())),
                Some(_) => deadline.poll(cx, idle, idle_for).map(Ok),
                None => {
                    if deadline.poll(cx, idle, idle_for).is_ready() {
                        if pool.has_other_members() {
                            member.retire(RecycleReason::Idle);
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
                "{}; {others} other requests of the same instance were aborted",
                root_cause(&error)
            ),
        };
        member.fail(&CallError::Trap {
            message,
            detail: trace(&error),
        });
    }
    let why = member.retired().unwrap_or(RecycleReason::Trap);
    pool.stats().count(why);
    drop(instance);
    pool.remove_member(&member);
}

/// Returns true if a retiring instance may still finish its requests in flight.
fn is_graceful(why: Option<RecycleReason>) -> bool {
    matches!(
        why,
        Some(RecycleReason::Requests | RecycleReason::Memory | RecycleReason::Fresh)
    )
}
