//! Where the instances are that no request has at the moment.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::Isolation;

use crate::instance::Instance;
use crate::limits::Recycling;
use crate::stages::Stamp;
use crate::stats::{PoolStats, Recycled};

/// How many instances may wait to be thrown away: each has a slot and its memory.
const MAX_SPENT: usize = 4;

/// Instances without a request.
pub(super) struct Shelf {
    recycling: Recycling,
    stats: Arc<PoolStats>,
    /// Those that served requests, the one that waits longest first.
    idle: RefCell<VecDeque<Idle>>,
    /// Those that no request has met.
    prepared: RefCell<Vec<Instance>>,
    /// Those that are only to be thrown away, which takes as long as a call.
    spent: RefCell<Vec<Instance>>,
    /// Prepared instances that were asked for since the keeper looked.
    pub(super) asked: Cell<u32>,
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
            prepared: RefCell::default(),
            spent: RefCell::default(),
            asked: Cell::new(0),
        }
    }

    /// Takes an instance, if there is one: of the idle the one that was used last,
    /// whose memory is warmest.
    pub(super) fn take(&self, isolation: Isolation) -> Option<Instance> {
        match isolation {
            Isolation::Reuse => {
                let mut idle = self.idle.borrow_mut();
                let taken = idle.pop_back();
                self.stats.set_idle(idle.len());
                taken.map(|idle| idle.instance)
            }
            Isolation::Fresh => {
                self.asked.set(self.asked.get().saturating_add(1));
                let mut prepared = self.prepared.borrow_mut();
                let taken = prepared.pop();
                self.stats.set_prepared(prepared.len());
                taken
            }
        }
    }

    /// Keeps an instance for the next request.
    pub(super) fn keep(&self, instance: Instance) {
        let mut idle = self.idle.borrow_mut();
        idle.push_back(Idle {
            instance,
            since: Stamp::now(),
        });
        self.stats.set_idle(idle.len());
    }

    /// Keeps an instance for a request that is to have one of its own.
    pub(super) fn prepared(&self, instance: Instance) {
        let mut prepared = self.prepared.borrow_mut();
        prepared.push(instance);
        self.stats.set_prepared(prepared.len());
    }

    /// How many are prepared.
    pub(super) fn ready(&self) -> u32 {
        u32::try_from(self.prepared.borrow().len()).unwrap_or(u32::MAX)
    }

    /// Puts an instance aside to be thrown away, or throws it away at once where
    /// enough of them wait. True where the keeper has something to do.
    pub(super) fn spend(&self, instance: Instance) -> bool {
        let mut spent = self.spent.borrow_mut();
        if spent.len() >= MAX_SPENT {
            return false;
        }
        spent.push(instance);
        true
    }

    /// Throws one away that was put aside. False where there is none.
    pub(super) fn discard_one(&self) -> bool {
        // The borrow ends before the instance does.
        let spent = self.spent.borrow_mut().pop();
        spent.is_some()
    }

    /// Throws an instance away that is not in use, the least useful first. False where
    /// there is none.
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
            let mut prepared = self.prepared.borrow_mut();
            let taken = prepared.pop();
            self.stats.set_prepared(prepared.len());
            taken
        });
        if instance.is_some() {
            self.stats.count(Recycled::Room);
        }
        instance.is_some()
    }

    /// Throws one prepared instance away. False where there are no more than `wanted`.
    pub(super) fn shrink_prepared(&self, wanted: u32) -> bool {
        if self.ready() <= wanted {
            return false;
        }
        let taken = {
            let mut prepared = self.prepared.borrow_mut();
            let taken = prepared.pop();
            self.stats.set_prepared(prepared.len());
            taken
        };
        self.stats.count(Recycled::Idle);
        taken.is_some()
    }

    /// Throws the instance away that has been idle for longest, if that is too long
    /// and it is not the last. Says when to look again.
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
            self.stats.count(Recycled::Idle);
            drop(swept);
        }
    }
}
