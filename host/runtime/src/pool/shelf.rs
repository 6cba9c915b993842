//! The instances of a pool that no request holds.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::Isolation;

use crate::instance::Instance;
use crate::limits::Recycling;
use crate::stages::Stamp;
use crate::stats::{PoolStats, RecycleReason};

/// The maximum number of instances that wait to be dropped; each still occupies its memory.
const MAX_SPENT: usize = 4;

/// The instances that no request holds.
pub(super) struct Shelf {
    recycling: Recycling,
    stats: Arc<PoolStats>,
    /// Idle instances that have served requests, the longest idle first.
    idle: RefCell<VecDeque<Idle>>,
    /// Fresh instances that have served no request.
    fresh: RefCell<Vec<Instance>>,
    /// Instances that wait to be dropped: a drop takes as long as a call.
    spent: RefCell<Vec<Instance>>,
    /// The number of fresh instances requested since the keeper last ran.
    pub(super) requested: Cell<u32>,
}

struct Idle {
    instance: Instance,
    since: Stamp,
}

impl Shelf {
    pub(super) fn new(stats: Arc<PoolStats>, recycling: Recycling) -> Self {
        Self {
            recycling,
            stats,
            idle: RefCell::default(),
            fresh: RefCell::default(),
            spent: RefCell::default(),
            requested: Cell::new(0),
        }
    }

    /// Takes an instance, if one is ready. Of the idle ones, takes the last used, whose memory is
    /// most likely in the CPU's caches.
    pub(super) fn take(&self, isolation: Isolation) -> Option<Instance> {
        match isolation {
            Isolation::Reuse | Isolation::Shared => {
                let mut idle = self.idle.borrow_mut();
                let taken = idle.pop_back();
                self.stats.set_idle(idle.len());
                taken.map(|idle| idle.instance)
            }
            Isolation::Fresh => {
                self.requested.set(self.requested.get().saturating_add(1));
                let mut fresh = self.fresh.borrow_mut();
                let taken = fresh.pop();
                self.stats.set_prepared(fresh.len());
                taken
            }
        }
    }

    /// Keeps an idle instance for a later request.
    pub(super) fn keep(&self, instance: Instance) {
        let mut idle = self.idle.borrow_mut();
        idle.push_back(Idle {
            instance,
            since: Stamp::now(),
        });
        self.stats.set_idle(idle.len());
    }

    /// Keeps a fresh instance for a route with the policy `fresh`.
    pub(super) fn add_fresh(&self, instance: Instance) {
        let mut fresh = self.fresh.borrow_mut();
        fresh.push(instance);
        self.stats.set_prepared(fresh.len());
    }

    /// Returns the number of fresh instances.
    pub(super) fn fresh_count(&self) -> u32 {
        u32::try_from(self.fresh.borrow().len()).unwrap_or(u32::MAX)
    }

    /// Queues an instance for the keeper to drop, or drops it at once if enough instances wait.
    /// Returns true if the keeper has to run.
    pub(super) fn spend(&self, instance: Instance) -> bool {
        let mut spent = self.spent.borrow_mut();
        if spent.len() >= MAX_SPENT {
            return false;
        }
        spent.push(instance);
        true
    }

    /// Drops a queued instance. Returns false if there is none.
    pub(super) fn discard_one(&self) -> bool {
        // The borrow ends before the instance does.
        let spent = self.spent.borrow_mut().pop();
        spent.is_some()
    }

    /// Drops an instance to make room: a queued one, else the longest idle, else a fresh one.
    /// Returns false if there is none.
    pub(super) fn make_room(&self) -> bool {
        if self.discard_one() {
            return true;
        }
        let oldest = {
            let mut idle = self.idle.borrow_mut();
            let oldest = idle.pop_front();
            self.stats.set_idle(idle.len());
            oldest.map(|idle| idle.instance)
        };
        let instance = oldest.or_else(|| {
            let mut fresh = self.fresh.borrow_mut();
            let taken = fresh.pop();
            self.stats.set_prepared(fresh.len());
            taken
        });
        if instance.is_some() {
            self.stats.count(RecycleReason::Room);
        }
        instance.is_some()
    }

    /// Drops a fresh instance. Returns false if there are no more than `target`.
    pub(super) fn shrink_fresh(&self, target: u32) -> bool {
        if self.fresh_count() <= target {
            return false;
        }
        let taken = {
            let mut fresh = self.fresh.borrow_mut();
            let taken = fresh.pop();
            self.stats.set_prepared(fresh.len());
            taken
        };
        self.stats.count(RecycleReason::Idle);
        taken.is_some()
    }

    /// Drops instances that have been idle for too long, but never the last. Returns the
    /// time until the next one is due.
    pub(super) fn sweep(&self) -> Option<Duration> {
        let limit = self.recycling.idle;
        loop {
            let swept = {
                let mut idle = self.idle.borrow_mut();
                let (count, oldest) = (idle.len(), idle.front()?);
                let waited = Duration::from_nanos(Stamp::now().since(oldest.since));
                if count < 2 {
                    return None;
                }
                if waited < limit {
                    return Some(limit - waited);
                }
                let swept = idle.pop_front();
                self.stats.set_idle(idle.len());
                swept
            };
            self.stats.count(RecycleReason::Idle);
            drop(swept);
        }
    }
}
