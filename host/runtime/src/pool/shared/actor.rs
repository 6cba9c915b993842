//! The task that owns a shared instance.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant as TokioInstant, Sleep};

use super::super::instances::Pool;
use super::super::slot::Slot;
use super::registry::{Job, SharedInstance};
use crate::current::{Current, Failure};
use crate::deadline::Deadline;
use crate::error::{CallError, root_cause, trace};
use crate::instance::Instance;
use crate::operations::result::PENDING;
use crate::operations::tasks::{Answer, Ended};
use crate::reply::{Content, Reply};
use crate::request::Request;
use crate::stages::{Stage, Stamp};
use crate::stats::RecycleReason;

/// Maximum time for the cleanup code of a cancelled task.
const CLEANUP: Duration = Duration::from_secs(1);

/// What the instance does next.
enum Event {
    Cancel(u32),
    Ended(Ended),
    Job(Job),
    /// The time of tasks without a request is over.
    Late,
    /// No request and no operation is left in a retired instance.
    Over,
}

/// A request whose task has not answered.
struct Waiting {
    request: Arc<dyn Request>,
    reply: oneshot::Sender<Result<Reply, CallError>>,
}

/// The time limit of a task that continues without a request.
struct Rest {
    until: TokioInstant,
    /// True if only its cleanup code runs.
    is_cancelled: bool,
}

struct Actor {
    instance: Instance,
    shared: Rc<SharedInstance>,
    pool: Rc<Pool>,
    waiting: HashMap<u32, Waiting>,
    /// Tasks that continue without a request.
    rest: HashMap<u32, Rest>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Limits the time without requests.
    idle: Deadline,
    idle_since: Stamp,
    /// True while the metrics count the instance as leased.
    is_leased: bool,
}

/// Runs an instance until it retires or traps.
pub(super) async fn run(
    instance: Instance,
    shared: Rc<SharedInstance>,
    pool: Rc<Pool>,
    slot: Slot,
) {
    let mut actor = Actor {
        instance,
        shared,
        pool,
        waiting: HashMap::new(),
        rest: HashMap::new(),
        timer: None,
        idle: Deadline::default(),
        idle_since: Stamp::now(),
        is_leased: false,
    };
    actor.instance.share();
    let why = loop {
        let event = poll_fn(|cx| actor.poll_event(cx)).await;
        if matches!(event, Event::Over) {
            break actor.shared.retired.get().unwrap_or(RecycleReason::Idle);
        }
        if let Err(error) = actor.handle(event).await {
            // A panic is reported before the trap.
            actor.deliver();
            actor.fail(&error);
            break RecycleReason::Trap;
        }
        actor.deliver();
        actor.count();
    };
    actor.count_as(false);
    let Actor {
        instance,
        shared,
        pool,
        ..
    } = actor;
    pool.remove_shared(&shared);
    pool.discard(instance, why);
    drop(slot);
}

impl Actor {
    /// Counts the instance as leased while it has requests or operations.
    fn count(&mut self) {
        let is_leased = self.shared.active.get() != 0 || self.instance.is_busy();
        self.count_as(is_leased);
    }

    fn count_as(&mut self, is_leased: bool) {
        if is_leased != self.is_leased {
            self.is_leased = is_leased;
            self.idle_since = Stamp::now();
            let change = if is_leased { 1 } else { -1 };
            self.pool.stats().leased_by(change);
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Some(task) = self.shared.cancelled.borrow_mut().pop() {
            return Poll::Ready(Event::Cancel(task));
        }
        let tasks = self.instance.store.data_mut().tasks_mut();
        if let Poll::Ready(Some(ended)) = tasks.poll_next(cx) {
            return Poll::Ready(Event::Ended(ended));
        }
        if let Some(job) = self.shared.inbox.borrow_mut().pop_front() {
            return Poll::Ready(Event::Job(job));
        }
        let is_busy = self.instance.is_busy();
        if self.shared.retired.get().is_some() && self.shared.active.get() == 0 && !is_busy {
            return Poll::Ready(Event::Over);
        }
        if let Some(timer) = &mut self.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            self.timer = None;
            return Poll::Ready(Event::Late);
        }
        self.count();
        if !self.is_leased && self.pool.has_other_shared() {
            let idle_for = || Duration::from_nanos(Stamp::now().since(self.idle_since));
            if self
                .idle
                .poll(cx, self.pool.recycling.idle, idle_for)
                .is_ready()
            {
                self.shared.retire(RecycleReason::Idle);
                return Poll::Ready(Event::Over);
            }
        }
        *self.shared.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }

    async fn handle(&mut self, event: Event) -> wasmtime::Result<()> {
        match event {
            Event::Job(job) => self.begin(job).await,
            Event::Ended(ended) => self.resume(ended).await,
            Event::Cancel(task) => self.cancel(task).await,
            Event::Late => self.stop_late().await,
            Event::Over => Ok(()),
        }
    }

    async fn begin(&mut self, job: Job) -> wasmtime::Result<()> {
        let Job {
            call,
            request,
            ticket,
            reply,
        } = job;
        if ticket.is_cancelled.get() {
            return Ok(());
        }
        let start = Stamp::now();
        let stages = request.stages();
        stages.enter(start);
        let task = self.instance.begin(Current::Request(request.clone()));
        ticket.task.set(Some(task));
        let waiting = Waiting {
            request: request.clone(),
            reply,
        };
        self.waiting.insert(task, waiting);
        let limit = self.pool.component.limits().shared_cpu;
        let called = within(limit, self.instance.handle(&call, stages)).await;
        stages.add(Stage::Guest, Stamp::now().since(start));
        let ((status, headers, body), _) = called?;
        if status == PENDING && self.pool.component.resumable().is_some() {
            self.instance.suspend_call(task);
            return Ok(());
        }
        let failure = self.instance.end(task);
        self.answer(
            task,
            match failure {
                Some(failure) => Answer::Failed(failure),
                None => Answer::Reply(status, headers, Some(body)),
            },
        );
        Ok(())
    }

    async fn resume(&mut self, ended: Ended) -> wasmtime::Result<()> {
        let component = self.pool.component.clone();
        let Some(exports) = component.resumable() else {
            return Ok(());
        };
        let start = Stamp::now();
        let task = ended.task();
        let limit = component.limits().shared_cpu;
        let resumed = within(limit, self.instance.resume(exports, ended)).await;
        if let Some(waiting) = self.waiting.get(&task) {
            let stages = waiting.request.stages();
            stages.add(Stage::Guest, Stamp::now().since(start));
        }
        resumed
    }

    async fn cancel(&mut self, task: u32) -> wasmtime::Result<()> {
        self.waiting.remove(&task);
        let component = self.pool.component.clone();
        let Some(exports) = component.resumable() else {
            return Ok(());
        };
        let limit = component.limits().shared_cpu;
        within(limit, self.instance.cancel(exports, task)).await?;
        self.limit_rest(task, CLEANUP, true);
        Ok(())
    }

    /// Stops the operations of tasks that have no request and no time left.
    async fn stop_late(&mut self) -> wasmtime::Result<()> {
        let now = TokioInstant::now();
        let late: Vec<(u32, bool)> = self
            .rest
            .extract_if(|_, rest| rest.until <= now)
            .map(|(task, rest)| (task, rest.is_cancelled))
            .collect();
        for (task, is_cancelled) in late {
            let is_open = self.instance.store.data().tasks().current(task).is_some();
            if is_open && is_cancelled {
                self.instance.store.data_mut().tasks_mut().close(task);
            } else if is_open {
                tracing::warn!(
                    component = self.pool.component.name(),
                    "work without a request was stopped; its time was over"
                );
                self.cancel(task).await?;
            }
        }
        self.set_timer();
        Ok(())
    }

    /// Sends the answers of the last export call.
    fn deliver(&mut self) {
        while let Some((task, answer)) = self.instance.store.data_mut().tasks_mut().next_answer() {
            self.answer(task, answer);
        }
        let memory = self.instance.memory();
        if memory > self.pool.recycling.max_memory {
            self.shared.retire(RecycleReason::Memory);
        }
    }

    fn answer(&mut self, task: u32, answer: Answer) {
        let limits = self.pool.component.limits();
        if let Some(waiting) = self.waiting.remove(&task) {
            let reply = match answer {
                Answer::Reply(status, headers, body) => {
                    let body = body.unwrap_or(Content::Empty);
                    Reply::within((status, headers, body), &limits)
                }
                Answer::Failed(Failure { message, detail }) => {
                    Err(CallError::Failure { message, detail })
                }
            };
            let _ = waiting.reply.send(reply);
        }
        self.instance.store.data_mut().tasks_mut().sweep();
        self.limit_rest(task, limits.background_time, false);
    }

    /// Limits the time of a task that goes on without a request.
    fn limit_rest(&mut self, task: u32, limit: Duration, is_cancelled: bool) {
        if self.instance.store.data().tasks().current(task).is_some() {
            let until = TokioInstant::now() + limit;
            let rest = Rest {
                until,
                is_cancelled,
            };
            self.rest.insert(task, rest);
            self.set_timer();
        }
    }

    fn set_timer(&mut self) {
        let tasks = self.instance.store.data().tasks();
        self.rest.retain(|task, _| tasks.current(*task).is_some());
        let next = self.rest.values().map(|rest| rest.until).min();
        self.timer = next.map(|at| Box::pin(tokio::time::sleep_until(at)));
    }

    /// Ends all tasks of an instance that trapped.
    fn fail(&mut self, error: &wasmtime::Error) {
        self.shared.retire(RecycleReason::Trap);
        let others = self.waiting.len().saturating_sub(1);
        let message = match others {
            0 => root_cause(error),
            _ => format!(
                "{}; {others} other requests of the same instance were aborted",
                root_cause(error)
            ),
        };
        let error = CallError::Trap {
            message,
            detail: trace(error),
        };
        for (_, waiting) in self.waiting.drain() {
            let _ = waiting.reply.send(Err(error.clone()));
        }
        for job in self.shared.inbox.borrow_mut().drain(..) {
            let _ = job.reply.send(Err(error.clone()));
        }
    }
}

/// Runs an export call, which can yield the thread, but must end within a limit.
async fn within<T>(
    limit: Duration,
    call: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    let start = Stamp::now();
    let mut call = pin!(call);
    let mut deadline = Deadline::default();
    let passed = || Duration::from_nanos(Stamp::now().since(start));
    poll_fn(|cx| {
        if let Poll::Ready(result) = call.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        deadline.poll(cx, limit, passed).map(|()| {
            Err(wasmtime::Error::msg(format!(
                "a call computed for longer than {limit:?}, the limit `shared_cpu` of instances that handle several requests at once"
            )))
        })
    })
    .await
}
