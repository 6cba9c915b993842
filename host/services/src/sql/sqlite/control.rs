//! State that a connection shares with its callbacks and with whoever waits for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

pub(super) struct Control {
    epoch: Instant,
    /// Nanoseconds since the epoch at which the statement is interrupted; 0: never.
    deadline: AtomicU64,
    expired: AtomicBool,
    cancelled: AtomicBool,
    internal: AtomicBool,
    inserted: AtomicBool,
    pages: AtomicI32,
    /// What the authorizer has rejected.
    rejected: Mutex<Option<String>>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            epoch: Instant::now(),
            deadline: AtomicU64::new(0),
            expired: AtomicBool::new(false),
            cancelled: AtomicBool::new(false),
            internal: AtomicBool::new(false),
            inserted: AtomicBool::new(false),
            pages: AtomicI32::new(0),
            rejected: Mutex::new(None),
        }
    }
}

impl Control {
    /// Interrupts the statements that follow after `time`.
    pub(super) fn limit(&self, time: Duration) {
        let deadline = self.epoch.elapsed().saturating_add(time).as_nanos();
        self.deadline
            .store(u64::try_from(deadline).unwrap_or(u64::MAX), Relaxed);
        self.expired.store(false, Relaxed);
    }

    /// Lets the statements that follow run as long as they take.
    pub(super) fn unlimited(&self) {
        self.deadline.store(0, Relaxed);
    }

    /// Makes the connection usable again after a cancelled statement.
    pub(super) fn revive(&self) {
        self.cancelled.store(false, Relaxed);
    }

    /// Whether the statement in progress has to end; asked by SQLite.
    pub(super) fn interrupts(&self) -> bool {
        if self.cancelled.load(Relaxed) {
            return true;
        }
        let deadline = self.deadline.load(Relaxed);
        if deadline == 0 || self.epoch.elapsed().as_nanos() < u128::from(deadline) {
            return false;
        }
        self.expired.store(true, Relaxed);
        true
    }

    pub(super) fn expired(&self) -> bool {
        self.expired.load(Relaxed)
    }

    /// Interrupts the statement: its result is no longer needed.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Relaxed)
    }

    /// Permits what apps and migrations may not do, for statements of the host.
    pub(super) fn internally<T>(&self, work: impl FnOnce() -> T) -> T {
        self.internal.store(true, Relaxed);
        let result = work();
        self.internal.store(false, Relaxed);
        result
    }

    pub(super) fn is_internal(&self) -> bool {
        self.internal.load(Relaxed)
    }

    pub(super) fn set_inserted(&self) {
        self.inserted.store(true, Relaxed);
    }

    /// Whether a row has been inserted since the last call.
    pub(super) fn take_inserted(&self) -> bool {
        self.inserted.swap(false, Relaxed)
    }

    pub(super) fn set_pages(&self, pages: i32) {
        self.pages.store(pages, Relaxed);
    }

    /// Pages in the write-ahead log after the last commit, unless it has been asked for.
    pub(super) fn take_pages(&self) -> i32 {
        self.pages.swap(0, Relaxed)
    }

    pub(super) fn reject(&self, what: String) {
        if let Ok(mut rejected) = self.rejected.lock() {
            *rejected = Some(what);
        }
    }

    pub(super) fn take_rejected(&self) -> Option<String> {
        self.rejected.lock().ok()?.take()
    }
}

/// Cancels the statement when its future is dropped.
pub(super) struct CancelOnDrop(pub(super) Option<std::sync::Arc<Control>>);

impl CancelOnDrop {
    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(control) = &self.0 {
            control.cancel();
        }
    }
}
