//! What the instances of one worker are and were: gauges and counters for metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Why an instance was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Recycled {
    /// It had served as many requests as it may.
    Requests,
    /// Its memory had grown larger than may be kept.
    Memory,
    /// It had been idle for too long.
    Idle,
    /// It made place for another.
    Room,
    /// It was for one request.
    Fresh,
    /// It trapped, or could not be called.
    Trap,
    /// Its call ran past the deadline.
    Deadline,
    /// Its call was given up, as the client went away.
    Cancelled,
}

impl Recycled {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::Requests,
        Self::Memory,
        Self::Idle,
        Self::Room,
        Self::Fresh,
        Self::Trap,
        Self::Deadline,
        Self::Cancelled,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Memory => "memory",
            Self::Idle => "idle",
            Self::Room => "room",
            Self::Fresh => "fresh",
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Gauges and counters of one worker. Its thread alone writes them, any may read.
#[derive(Debug, Default)]
pub struct PoolStats {
    live: AtomicU64,
    idle: AtomicU64,
    prepared: AtomicU64,
    leased: AtomicU64,
    waiting: AtomicU64,
    memory: AtomicU64,
    created: AtomicU64,
    queue_full: AtomicU64,
    queue_time: AtomicU64,
    recycled: [AtomicU64; Recycled::ALL.len()],
}

macro_rules! gauges {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> u64 {
            self.$name.load(Relaxed)
        }
    )+};
}

impl PoolStats {
    gauges! {
        /// Instances that exist, those being made or thrown away too.
        live,
        /// Instances that wait for a request.
        idle,
        /// Instances that no request has met yet.
        prepared,
        /// Requests that have an instance.
        leased,
        /// Requests that wait for one.
        waiting,
        /// Bytes of the linear memories of all instances.
        memory,
        /// Instances that were made.
        created,
        /// Requests that were refused since as many waited as may.
        queue_full,
        /// Requests that were refused since they had waited for as long as they may.
        queue_time,
    }

    /// Instances that were not kept, for a reason.
    #[must_use]
    pub fn recycled(&self, why: Recycled) -> u64 {
        self.recycled[why as usize].load(Relaxed)
    }

    pub(crate) fn count(&self, why: Recycled) {
        change(&self.recycled[why as usize], 1);
    }

    pub(crate) fn count_queue_full(&self) {
        change(&self.queue_full, 1);
    }

    pub(crate) fn count_queue_time(&self) {
        change(&self.queue_time, 1);
    }

    pub(crate) fn set_idle(&self, number: usize) {
        self.idle.store(number as u64, Relaxed);
    }

    pub(crate) fn idle_by(&self, by: i64) {
        change(&self.idle, by);
    }

    pub(crate) fn set_prepared(&self, number: usize) {
        self.prepared.store(number as u64, Relaxed);
    }

    pub(crate) fn leased_by(&self, by: i64) {
        change(&self.leased, by);
    }

    pub(crate) fn waiting_by(&self, by: i64) {
        change(&self.waiting, by);
    }
}

/// One thread writes, so that no change has to be atomic.
fn change(value: &AtomicU64, by: i64) {
    value.store(value.load(Relaxed).saturating_add_signed(by), Relaxed);
}

/// An instance that exists, with the memory it takes.
pub(crate) struct Alive {
    stats: Arc<PoolStats>,
    memory: usize,
}

impl Alive {
    pub(crate) fn new(stats: &Arc<PoolStats>) -> Self {
        change(&stats.live, 1);
        change(&stats.created, 1);
        Self {
            stats: stats.clone(),
            memory: 0,
        }
    }

    /// The bytes of its linear memories.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    pub(crate) fn set_memory(&mut self, bytes: usize) {
        let by = bytes as i64 - self.memory as i64;
        self.memory = bytes;
        change(&self.stats.memory, by);
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        change(&self.stats.live, -1);
        change(&self.stats.memory, -(self.memory as i64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_not_counted() {
        let stats = Arc::new(PoolStats::default());
        let (mut first, second) = (Alive::new(&stats), Alive::new(&stats));
        first.set_memory(70);
        first.set_memory(50);
        assert_eq!((stats.live(), stats.memory(), stats.created()), (2, 50, 2));
        drop((first, second));
        assert_eq!((stats.live(), stats.memory(), stats.created()), (0, 0, 2));
    }
}
