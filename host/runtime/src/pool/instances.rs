//! The pool: its slots, its queue and the instantiation of new instances.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use spikard_wasm_app::Isolation;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::shared::registry::SharedInstances;
use super::shelf::Shelf;
use crate::component::Loaded;
use crate::error::CallError;
use crate::http::Members;
use crate::instance::Instance;
use crate::limits::Recycling;
use crate::stages::{Stage, Stages, Stamp};
use crate::stats::{LiveInstance, PoolStats, RecycleReason};
use crate::world::Kind;

/// The instances of one component in one worker. Belongs to the worker's thread.
pub struct Pool {
    pub(crate) component: Loaded,
    pub(crate) recycling: Recycling,
    /// The maximum number of instances.
    pub(crate) capacity: u32,
    pub(super) slots: Semaphore,
    pub(super) shelf: Shelf,
    /// Instances that handle several tasks at once.
    pub(super) shared: SharedInstances,
    /// Instances that serve several requests at once.
    pub(crate) members: Members,
    pub(super) stats: Arc<PoolStats>,
    /// Wakes the keeper.
    pub(super) wake: Notify,
    /// The reason that the metrics count if a call is dropped with its instance.
    pub(crate) dropped_for: Cell<RecycleReason>,
}

impl Pool {
    /// Creates a pool of at most `instances` instances, and at least one.
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
            shared: SharedInstances::default(),
            shelf: Shelf::new(stats.clone(), recycling),
            stats,
            wake: Notify::new(),
            dropped_for: Cell::new(RecycleReason::Cancelled),
        }
    }

    /// Returns the counters of the pool's instances.
    #[must_use]
    pub fn stats(&self) -> &Arc<PoolStats> {
        &self.stats
    }

    /// Creates an instance before the first request, for routes with this isolation.
    ///
    /// # Errors
    /// The instantiation failed.
    pub async fn warm(self: &Rc<Self>, isolation: Isolation) -> Result<(), CallError> {
        if isolation == Isolation::Shared {
            return self.warm_shared().await;
        }
        let instance = self.make().await?;
        match isolation {
            Isolation::Reuse | Isolation::Shared => self.shelf.keep(instance),
            Isolation::Fresh => self.shelf.add_fresh(instance),
        }
        Ok(())
    }

    /// Waits in the queue for a slot.
    pub(super) async fn wait(&self, stages: &Stages) -> Result<SemaphorePermit<'_>, CallError> {
        let slot = self.wait_for(stages, self.slots.acquire()).await?;
        // The pool never closes the semaphore.
        slot.map_err(|_| CallError::QueueFull(self.component.limits().queue))
    }

    /// Waits in the queue for `room`.
    pub(super) async fn wait_for<T>(
        &self,
        stages: &Stages,
        room: impl Future<Output = T>,
    ) -> Result<T, CallError> {
        let limits = self.component.limits();
        if self.stats.waiting() >= u64::from(limits.queue) {
            self.stats.count_queue_full();
            return Err(CallError::QueueFull(limits.queue));
        }
        let start = Stamp::now();
        let _ticket = Ticket::take(&self.stats);
        let room = tokio::time::timeout(limits.queue_time, room).await;
        stages.add(Stage::Queue, Stamp::now().since(start));
        match room {
            Ok(room) => Ok(room),
            Err(_) => {
                self.stats.count_queue_time();
                Err(CallError::QueueTime(limits.queue_time))
            }
        }
    }

    /// Takes an idle or fresh instance, if the pool has one.
    pub(crate) fn take_idle(&self, isolation: Isolation) -> Option<Instance> {
        self.shelf.take(isolation)
    }

    /// Creates an instance. If the pool is full, drops instances that no request holds first.
    pub(crate) async fn make(&self) -> Result<Instance, CallError> {
        while self.stats.live() >= u64::from(self.capacity) && self.shelf.make_room() {}
        let made = self
            .component
            .instantiate(LiveInstance::new(&self.stats))
            .await;
        made.map_err(|error| CallError::Instantiate(format!("{error:#}")))
    }
}

/// A place in the queue, released when it is dropped.
struct Ticket<'a>(&'a PoolStats);

impl<'a> Ticket<'a> {
    fn take(stats: &'a PoolStats) -> Self {
        stats.waiting_by(1);
        Self(stats)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.0.waiting_by(-1);
    }
}
