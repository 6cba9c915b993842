//! One connection that many short statements share.
//!
//! Statements that only read and have been quick before are sent without waiting for the answers to those before them,
//! which takes a third of the time of a connection each. A statement that turns out slow delays at most those that were
//! already sent: new ones take a connection of their own until it has ended.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LruCache;

use super::connection::{Connection, FRESH};

/// Statements in progress at once.
const IN_FLIGHT: usize = 64;
/// Time of a quick statement.
const QUICK: Duration = Duration::from_millis(20);
/// Time without any answer after which the connection gets no more statements.
const STALLED: Duration = Duration::from_millis(50);
/// Quick runs before a statement may share the connection.
const RUNS: u8 = 3;
/// Statements whose speed is remembered.
const REMEMBERED: usize = 1024;

/// A connection that statements share.
pub(super) struct Shared {
    pub(super) connection: Connection,
    epoch: Instant,
    in_flight: AtomicUsize,
    /// When the last answer came, in milliseconds since the epoch.
    answered: AtomicU64,
}

impl Shared {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            epoch: Instant::now(),
            in_flight: AtomicUsize::new(0),
            answered: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Counts a statement that begins, and returns true if the connection was idle for a while.
    pub(super) fn enter(&self) -> bool {
        let now = self.now();
        let first = self.in_flight.fetch_add(1, Relaxed) == 0;
        let answered = if first {
            self.answered.swap(now, Relaxed)
        } else {
            now
        };
        u128::from(now.saturating_sub(answered)) > FRESH.as_millis()
    }

    /// Counts a statement that has ended.
    pub(super) fn leave(&self) {
        self.answered.store(self.now(), Relaxed);
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Whether another statement may be sent.
    pub(super) fn accepts(&self) -> bool {
        let in_flight = self.in_flight.load(Relaxed);
        let stalled = || {
            u128::from(self.now().saturating_sub(self.answered.load(Relaxed))) > STALLED.as_millis()
        };
        in_flight == 0 || (in_flight < IN_FLIGHT && !stalled())
    }
}

/// Whether the shared connection is open.
pub(super) enum State {
    /// The time of the last attempt.
    Absent(Option<Instant>),
    Opening,
    Open(Arc<Shared>),
}

/// The shared connection of a pool, and what is known of its statements.
pub(super) struct Sharing {
    pub(super) state: Mutex<State>,
    quick: Mutex<LruCache<Box<str>, u8>>,
}

impl Default for Sharing {
    fn default() -> Self {
        Self {
            state: Mutex::new(State::Absent(None)),
            quick: Mutex::new(LruCache::new(REMEMBERED)),
        }
    }
}

impl Sharing {
    /// Records how long a statement took.
    pub(super) fn record(&self, sql: &str, time: Duration) {
        let mut quick = lock(&self.quick);
        let runs = if time > QUICK {
            0
        } else {
            quick.get(sql).map_or(1, |runs| runs.saturating_add(1))
        };
        match quick.get_mut(sql) {
            Some(known) => *known = runs,
            None => {
                quick.insert(sql.into(), runs);
            }
        }
    }

    pub(super) fn is_quick(&self, sql: &str) -> bool {
        lock(&self.quick).get(sql).is_some_and(|runs| *runs >= RUNS)
    }
}

/// Locks a mutex, also after a panic of another holder.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
