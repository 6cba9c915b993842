//! The instances of one component in one worker.
//!
//! A call leases an instance. Where its route reuses them, the instance comes from
//! those that are idle and goes back to them, unless it trapped, ran past its deadline,
//! was cancelled, or [has served its time](Recycling). Where every request has one of
//! its own, it comes from those that were [prepared](keeper) and is thrown away.
//! Waiting calls are served first come, first served. Instances are made when a call
//! finds none, so their number follows how many calls are under way at once, not how
//! many requests there are.

mod keeper;
mod lease;
mod shelf;
mod slot;

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use spikard_wasm_app::{Call, Isolation, indented, one_line};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::call::Reply;
use crate::component::Loaded;
use crate::error::CallError;
use crate::http::Members;
use crate::instance::Instance;
use crate::limits::Recycling;
use crate::request::Request;
use crate::stages::{Stage, Stages, Stamp};
use crate::stats::{Alive, PoolStats, Recycled};
use crate::world::Kind;

pub use lease::Lease;
use shelf::Shelf;
pub(crate) use slot::Slot;

/// The instances of one component in one worker. Belongs to its thread.
pub struct Pool {
    pub(crate) component: Loaded,
    pub(crate) recycling: Recycling,
    /// The most instances that exist at once.
    pub(crate) capacity: u32,
    slots: Semaphore,
    shelf: Shelf,
    /// The instances that serve several requests at once.
    pub(crate) members: Members,
    stats: Arc<PoolStats>,
    /// Wakes the keeper.
    wake: Notify,
    /// What a call that is dropped now is dropped for.
    pub(crate) dropped_for: Cell<Recycled>,
}

impl Pool {
    /// A pool that makes at most `instances` at once.
    #[must_use]
    pub fn new(component: Loaded, instances: u32, recycling: Recycling) -> Self {
        let capacity = instances.max(1);
        let stats = Arc::<PoolStats>::default();
        let at_once = match component.kind() {
            Kind::Service => component.limits().concurrent_requests.max(1),
            Kind::Handler | Kind::Proxy => 1,
        };
        Self {
            component,
            recycling,
            capacity,
            slots: Semaphore::new(capacity.saturating_mul(at_once) as usize),
            members: Members::default(),
            shelf: Shelf::new(stats.clone(), recycling),
            stats,
            wake: Notify::new(),
            dropped_for: Cell::new(Recycled::Cancelled),
        }
    }

    /// What its instances are and were.
    #[must_use]
    pub fn stats(&self) -> &Arc<PoolStats> {
        &self.stats
    }

    /// Makes one instance ahead of the first request, for routes of this kind.
    ///
    /// # Errors
    /// No instance can be made.
    pub async fn warm(&self, isolation: Isolation) -> Result<(), CallError> {
        let instance = self.make().await?;
        match isolation {
            Isolation::Reuse => self.shelf.keep(instance),
            Isolation::Fresh => self.shelf.prepared(instance),
        }
        Ok(())
    }

    /// Answers one call. `request` is what the guest's imports read.
    ///
    /// `deadline` covers the wait for an instance, the making of it and the call;
    /// a guest that is on the CPU then is stopped at the next tick. Dropping the
    /// future cancels the call.
    ///
    /// # Errors
    /// The guest failed, trapped or took too long, or there is no instance for it.
    pub async fn call(
        &self,
        call: &Call,
        request: Arc<dyn Request>,
        isolation: Isolation,
        deadline: Duration,
    ) -> Result<Reply, CallError> {
        let calls = async {
            let mut lease = self.lease(isolation, request.stages()).await?;
            lease.handle(call, request).await
        };
        self.within_pinned(deadline, pin!(Some(calls))).await
    }

    /// Leases an instance for several calls about one request, in the order of the
    /// queue. Put it and its calls under a deadline with [`Pool::within`].
    ///
    /// # Errors
    /// As many calls wait for an instance as may, or it has waited for too long.
    pub async fn lease(
        &self,
        isolation: Isolation,
        stages: &Stages,
    ) -> Result<Lease<'_>, CallError> {
        let slot = match self.slots.try_acquire() {
            Ok(slot) => slot,
            Err(_) => self.wait(stages).await?,
        };
        Ok(Lease::new(self, isolation, slot))
    }

    async fn wait(&self, stages: &Stages) -> Result<SemaphorePermit<'_>, CallError> {
        let limits = self.component.limits();
        if self.stats.waiting() >= u64::from(limits.queue) {
            self.stats.count_queue_full();
            return Err(CallError::QueueFull(limits.queue));
        }
        let start = Stamp::now();
        let _place = Place::take(&self.stats);
        let slot = tokio::time::timeout(limits.queue_time, self.slots.acquire()).await;
        stages.add(Stage::Queue, Stamp::now().since(start));
        match slot {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) => Err(CallError::QueueFull(limits.queue)),
            Err(_) => {
                self.stats.count_queue_time();
                Err(CallError::QueueTime(limits.queue_time))
            }
        }
    }

    /// Gives up calls that run past a deadline.
    ///
    /// # Errors
    /// Those of the calls, and [`CallError::Deadline`].
    pub async fn within<T>(
        &self,
        deadline: Duration,
        calls: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        self.within_pinned(deadline, pin!(Some(calls))).await
    }

    /// The same with calls that lie where they are: what is handed on by value is copied
    /// for each request, with all the room that it needs later.
    async fn within_pinned<T>(
        &self,
        deadline: Duration,
        mut calls: Pin<&mut Option<impl Future<Output = Result<T, CallError>>>>,
    ) -> Result<T, CallError> {
        let start = Stamp::now();
        if let Some(mut calls) = calls.as_mut().as_pin_mut() {
            // Most calls end in the first poll, without a timer.
            let first = std::future::poll_fn(|cx| Poll::Ready(calls.as_mut().poll(cx))).await;
            if let Poll::Ready(result) = first {
                return result;
            }
            let left = deadline.saturating_sub(Duration::from_nanos(Stamp::now().since(start)));
            let until = tokio::time::Instant::now() + left;
            if let Ok(result) = tokio::time::timeout_at(until, calls).await {
                return result;
            }
        }
        // Their instance is dropped with them, and counted for what it was dropped for.
        self.dropped_for.set(Recycled::Deadline);
        calls.set(None);
        self.dropped_for.set(Recycled::Cancelled);
        Err(CallError::Deadline(deadline))
    }

    /// Makes an instance, in the place of one that waits where there are as many as
    /// there may be.
    pub(crate) async fn make(&self) -> Result<Instance, CallError> {
        while self.stats.live() >= u64::from(self.capacity) && self.shelf.make_room() {}
        let made = self.component.instantiate(Alive::new(&self.stats)).await;
        made.map_err(|error| CallError::Instantiate(format!("{error:#}")))
    }
}

/// A place in the queue, given back however the wait ends.
struct Place<'a>(&'a PoolStats);

impl<'a> Place<'a> {
    fn take(stats: &'a PoolStats) -> Self {
        stats.waiting_by(1);
        Self(stats)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting_by(-1);
    }
}

/// The last cause of an error: for a trap, which it was.
pub(crate) fn root_cause(error: &wasmtime::Error) -> String {
    one_line(&error.root_cause().to_string()).into_owned()
}

/// An error of the engine with its causes; a trap's has the guest's frames.
pub(crate) fn trace(error: &wasmtime::Error) -> String {
    indented(&format!("{error:#}"))
}
