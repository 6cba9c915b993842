//! Gauges and counters of the instances of one worker, for metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Reason why an instance was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum RecycleReason {
    /// It served its maximum number of requests.
    Requests,
    /// Its memory exceeded the maximum for reuse.
    Memory,
    /// It was idle for too long.
    Idle,
    /// The worker needed its slot for another instance.
    Room,
    /// It was a fresh instance and served its only request.
    Fresh,
    /// It trapped, or a call to it failed.
    Trap,
    /// Its call exceeded the deadline.
    Deadline,
    /// Its call was cancelled because the client disconnected.
    Cancelled,
}

impl RecycleReason {
    /// All reasons.
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

    /// Returns the name in metrics.
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

/// Gauges and counters of one worker. Only the worker's thread writes them; any thread may read.
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
    recycled: [AtomicU64; RecycleReason::ALL.len()],
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
        /// Returns the number of instances, including those being created or dropped.
        live,
        /// Returns the number of idle instances.
        idle,
        /// Returns the number of pre-warmed fresh instances.
        prepared,
        /// Returns the number of requests that hold an instance.
        leased,
        /// Returns the number of requests that wait for an instance.
        waiting,
        /// Returns the total size of all linear memories in bytes.
        memory,
        /// Returns the number of instances that were created.
        created,
        /// Returns the number of requests that were rejected because the queue was full.
        queue_full,
        /// Returns the number of requests that were rejected because they waited too long.
        queue_time,
    }

    /// Returns the number of instances that were dropped for a reason.
    #[must_use]
    pub fn recycled(&self, why: RecycleReason) -> u64 {
        self.recycled[why as usize].load(Relaxed)
    }

    pub(crate) fn count(&self, why: RecycleReason) {
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

/// Changes a value. Only one thread writes it, so no atomic read-modify-write is needed.
fn change(value: &AtomicU64, by: i64) {
    value.store(value.load(Relaxed).saturating_add_signed(by), Relaxed);
}

/// Counts a live instance and its memory until it is dropped.
pub(crate) struct LiveInstance {
    stats: Arc<PoolStats>,
    memory: usize,
}

impl LiveInstance {
    pub(crate) fn new(stats: &Arc<PoolStats>) -> Self {
        change(&stats.live, 1);
        change(&stats.created, 1);
        Self {
            stats: stats.clone(),
            memory: 0,
        }
    }

    /// Returns the total size of the instance's linear memories in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    pub(crate) fn set_memory(&mut self, bytes: usize) {
        let by = bytes as i64 - self.memory as i64;
        self.memory = bytes;
        change(&self.stats.memory, by);
    }
}

impl Drop for LiveInstance {
    fn drop(&mut self) {
        change(&self.stats.live, -1);
        change(&self.stats.memory, -(self.memory as i64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_instances_are_not_counted() {
        let stats = Arc::new(PoolStats::default());
        let (mut first, second) = (LiveInstance::new(&stats), LiveInstance::new(&stats));
        first.set_memory(70);
        first.set_memory(50);
        assert_eq!((stats.live(), stats.memory(), stats.created()), (2, 50, 2));
        drop((first, second));
        assert_eq!((stats.live(), stats.memory(), stats.created()), (0, 0, 2));
    }
}
