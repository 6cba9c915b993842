//! Leases: instances that requests hold.
//!
//! A lease owns a slot of the pool and, between calls, an instance. A request holds it for its
//! calls, a streamed reply until its last byte. Dropping the lease returns the instance to the
//! pool. A call that traps or is cancelled discards the instance, since its memory may be in any
//! state; the next call of the same lease creates another.

use std::borrow::BorrowMut;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::{Call, HookKind, Isolation};

use super::instances::Pool;
use super::slot::Slot;
use crate::current::{Current, Failure};
use crate::error::{CallError, root_cause, trace};
use crate::instance::Instance;
use crate::operations::result::PENDING;
use crate::reply::{Content, Reply};
use crate::request::Request;
use crate::stages::{Stage, Stages, Stamp};
use crate::stats::RecycleReason;

/// Status, headers and body of a task's answer; `None` keeps the body of a hook's reply.
pub(super) type Change = (u16, String, Option<Content>);

/// An instance for the duration of a request, or the right to create one.
pub struct Lease {
    pub(super) instance: Option<Instance>,
    isolation: Isolation,
    pool: Rc<Pool>,
    /// `None` once a background task has taken it over.
    slot: Option<Slot>,
    /// True if the request was answered or cancelled, and only its operations continue.
    is_background: bool,
}

impl Pool {
    /// Answers one call. The guest's imports read from `request`.
    ///
    /// `deadline` covers the wait for an instance, its instantiation and the call; a guest
    /// that is on the CPU then is stopped at the next tick. Dropping the future cancels the
    /// call.
    ///
    /// # Errors
    /// The guest failed, trapped or exceeded its deadline, or no instance was available.
    pub async fn call(
        self: &Rc<Self>,
        call: &Call,
        request: Arc<dyn Request>,
        isolation: Isolation,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        if isolation == Isolation::Shared {
            let calls = self.call_shared(call, request);
            return Box::pin(self.within(deadline, calls)).await;
        }
        // Pinned where it is made: moving it would copy the room of all of its states.
        let calls = pin!(Some(async {
            let mut lease = self.lease(isolation, request.stages()).await?;
            lease.handle(call, request).await
        }));
        self.within_pinned(deadline, calls).await
    }

    /// Leases an instance for any number of calls, in order of arrival. Run it and its
    /// calls under a deadline with [`Pool::within`].
    ///
    /// # Errors
    /// The queue is full, or the wait was longer than the queue's time limit.
    pub async fn lease(
        self: &Rc<Self>,
        isolation: Isolation,
        stages: &Stages,
    ) -> Result<Lease, CallError> {
        let slot = self.slot(stages).await?;
        self.stats.leased_by(1);
        Ok(Lease {
            instance: self.shelf.take(isolation),
            isolation,
            pool: self.clone(),
            slot: Some(slot),
            is_background: false,
        })
    }
}

impl Lease {
    /// Calls the handler.
    ///
    /// # Errors
    /// The guest failed or trapped, or its reply cannot be read.
    pub async fn handle(
        &mut self,
        call: &Call,
        request: Arc<dyn Request>,
    ) -> Result<Reply, CallError> {
        let stages = request.stages();
        self.fill(stages).await?;
        let mut running = Running::begin(&mut *self, Current::Request(request.clone()))?;
        let start = Stamp::now();
        stages.enter(start);
        let result = running.instance()?.handle(call, stages).await;
        stages.add(Stage::Enter, stages.entered().since(start));
        let (reply, returned) = match result {
            Ok((reply, _)) if reply.0 == PENDING && running.can_wait() => {
                let reply = Box::pin(running.answered()).await;
                (reply.map(without_body_option), Stamp::now())
            }
            Ok((reply, returned)) => (Ok(reply), returned),
            Err(error) => (Err(error), Stamp::now()),
        };
        running.attribute(returned);
        let reply = running.end(reply);
        let limits = self.pool().component.limits();
        let reply = reply.and_then(|reply| Reply::within(reply, &limits));
        stages.add(Stage::Leave, Stamp::now().since(returned));
        reply
    }

    /// Runs the hooks of a kind that precedes the handler. A reply ends the request. Only
    /// `pre-handler` gets `params`.
    ///
    /// # Errors
    /// As [`Lease::handle`].
    pub async fn before(
        &mut self,
        kind: HookKind,
        (route, params): (u32, &str),
        request: Arc<dyn Request>,
    ) -> Result<Option<Reply>, CallError> {
        let pool = self.pool().clone();
        let Some(exports) = pool.component.hooks() else {
            return Ok(None);
        };
        self.fill(request.stages()).await?;
        let mut running = Running::begin(&mut *self, Current::Request(request.clone()))?;
        request.stages().enter(Stamp::now());
        let result = running
            .instance()?
            .before(exports, kind, route, params)
            .await;
        let result = match result {
            Ok(Some((PENDING, ..))) if running.can_wait() => {
                let reply = Box::pin(running.answered()).await;
                reply.map(|reply| (reply.0 != PENDING).then(|| without_body_option(reply)))
            }
            result => result,
        };
        running.attribute(Stamp::now());
        let early = running.end(result)?;
        let limits = pool.component.limits();
        early.map(|reply| Reply::within(reply, &limits)).transpose()
    }

    /// Runs the hooks of a kind that follows the handler, and returns the reply with their
    /// changes. Only `on-error` gets `message`.
    ///
    /// # Errors
    /// As [`Lease::handle`].
    pub async fn after(
        &mut self,
        kind: HookKind,
        (route, message): (u32, &str),
        mut reply: Reply,
        request: Arc<dyn Request>,
    ) -> Result<Reply, CallError> {
        let pool = self.pool().clone();
        let Some(exports) = pool.component.hooks() else {
            return Ok(reply);
        };
        self.fill(request.stages()).await?;
        let mut running = Running::begin(&mut *self, Current::Request(request.clone()))?;
        request.stages().enter(Stamp::now());
        let headers = reply.headers_text();
        let instance = running.instance()?;
        instance.lend(std::mem::replace(&mut reply.content, Content::Empty));
        let head = (reply.status, headers.as_str());
        let result = instance.after(exports, kind, route, head, message).await;
        let result = match result {
            Ok(Some((PENDING, ..))) if running.can_wait() => {
                let change = Box::pin(running.answered()).await;
                change.map(|change| (change.0 != PENDING).then_some(change))
            }
            result => result,
        };
        reply.content = running.instance()?.take_back();
        running.attribute(Stamp::now());
        let change = running.end(result)?;
        reply.changed(change, &pool.component.limits())
    }

    /// Creates an instance unless the lease has one.
    pub(crate) async fn fill(&mut self, stages: &Stages) -> Result<(), CallError> {
        if self.instance.is_none() {
            let start = Stamp::now();
            let made = self.pool().make().await;
            stages.add(Stage::Instance, Stamp::now().since(start));
            self.instance = Some(made?);
        }
        Ok(())
    }

    pub(super) fn pool(&self) -> &Rc<Pool> {
        &self.pool
    }

    /// Moves the instance and the slot to a lease of a background task.
    pub(super) fn hand_over(&mut self) -> Self {
        self.pool.stats.leased_by(1);
        Self {
            instance: self.instance.take(),
            isolation: self.isolation,
            pool: self.pool.clone(),
            slot: self.slot.take(),
            is_background: true,
        }
    }

    pub(super) fn discard(&mut self, why: RecycleReason) {
        if let Some(instance) = self.instance.take() {
            self.pool().discard(instance, why);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool().stats.leased_by(-1);
        let Some(instance) = self.instance.take() else {
            return;
        };
        match (instance.is_busy(), self.is_background) {
            (false, _) => self.pool().give_back(instance, self.isolation),
            (true, false) => {
                self.instance = Some(instance);
                self.hand_over().finish();
            }
            // The worker is stopping.
            (true, true) => self.pool().discard(instance, RecycleReason::Cancelled),
        }
    }
}

/// Returns a reply whose missing body is empty.
fn without_body_option((status, headers, body): Change) -> (u16, String, Content) {
    (status, headers, body.unwrap_or(Content::Empty))
}

/// A call in progress on a borrowed or owned lease. Dropping it before [`Running::end`] discards
/// the instance.
pub(crate) struct Running<L: BorrowMut<Lease>> {
    lease: L,
    /// The time that the request had yielded before this call, in nanoseconds.
    yielded: u64,
    /// The task of the call.
    pub(super) task: u32,
    /// True while no export call is in progress, because the task waits for operations.
    pub(super) is_waiting: bool,
    has_ended: bool,
}

impl<L: BorrowMut<Lease>> Running<L> {
    /// Prepares the instance of a lease for a call. The lease must be [filled](Lease::fill).
    pub(crate) fn begin(lease: L, current: Current) -> Result<Self, CallError> {
        let stages = current.stages();
        let mut running = Self {
            lease,
            yielded: stages.map_or(0, |stages| stages.nanos(Stage::Yield)),
            task: 0,
            is_waiting: false,
            has_ended: false,
        };
        running.task = running.instance()?.begin(current);
        Ok(running)
    }

    /// Continues the work of a request.
    pub(super) fn continued(lease: L) -> Self {
        Self {
            lease,
            yielded: 0,
            task: 0,
            is_waiting: true,
            has_ended: false,
        }
    }

    pub(super) fn lease(&self) -> &Lease {
        self.lease.borrow()
    }

    pub(crate) fn instance(&mut self) -> Result<&mut Instance, CallError> {
        // Unreachable: a filled lease has its instance until the call ends.
        let gone = || CallError::Instantiate("the instance of this call was dropped".to_owned());
        self.lease.borrow_mut().instance.as_mut().ok_or_else(gone)
    }

    /// Adds the time of the call, which returned at `until`, to the request's stages.
    pub(crate) fn attribute(&self, until: Stamp) {
        if let Some(instance) = &self.lease.borrow().instance {
            instance.attribute(self.yielded, until);
        }
    }

    /// Ends the call. The lease keeps the instance unless the guest trapped.
    pub(crate) fn end<T>(mut self, result: wasmtime::Result<T>) -> Result<T, CallError> {
        let task = self.task;
        let failure = self.instance()?.end(task);
        match result {
            Ok(value) => {
                self.has_ended = true;
                match failure {
                    Some(Failure { message, detail }) => {
                        Err(CallError::Failure { message, detail })
                    }
                    None => Ok(value),
                }
            }
            Err(error) => {
                self.has_ended = true;
                self.lease.borrow_mut().discard(RecycleReason::Trap);
                // A message that the guest reported before the trap is clearer than the stack.
                let message = match failure {
                    Some(reported) => reported.message,
                    None => root_cause(&error),
                };
                Err(CallError::Trap {
                    message,
                    detail: trace(&error),
                })
            }
        }
    }

    /// Ends the work of a request. The lease keeps the instance.
    pub(super) fn done(mut self) {
        let task = self.task;
        if let Ok(instance) = self.instance() {
            instance.end(task);
        }
        self.has_ended = true;
    }

    /// Ends the call and discards its instance.
    pub(crate) fn discard(mut self, why: RecycleReason) {
        self.has_ended = true;
        self.lease.borrow_mut().discard(why);
    }
}

impl<L: BorrowMut<Lease>> Drop for Running<L> {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        self.attribute(Stamp::now());
        let lease = self.lease.borrow_mut();
        let why = lease.pool().dropped_for.get();
        match self.is_waiting && !lease.is_background {
            true => lease.hand_over().cancel(why),
            false => lease.discard(why),
        }
    }
}
