//! One connection that many short statements share.
//!
//! Statements that only read and have been quick before are sent without waiting for the answers to those before them,
//! which takes a third of the time of a connection each. A statement that turns out slow delays at most those that were
//! already sent: new ones take a connection of their own until it has ended.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LruCache;

use super::connection::Connection;
use super::pool::{FRESH, Pool, notice_close};

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
/// Time between two attempts to open the connection.
const RETRY: Duration = Duration::from_secs(1);

/// A connection that statements share.
pub(super) struct Shared {
    pub(super) connection: Connection,
    epoch: Instant,
    in_flight: AtomicUsize,
    /// When the last answer came, in milliseconds since the epoch.
    answered: AtomicU64,
}

impl Shared {
    fn new(connection: Connection) -> Self {
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

    fn accepts(&self) -> bool {
        let in_flight = self.in_flight.load(Relaxed);
        let stalled = || {
            u128::from(self.now().saturating_sub(self.answered.load(Relaxed))) > STALLED.as_millis()
        };
        in_flight == 0 || (in_flight < IN_FLIGHT && !stalled())
    }
}

/// A statement in progress on the shared connection.
pub(super) struct Seat {
    shared: Arc<Shared>,
    /// The connection was idle for a while: the server may have closed it.
    idle: bool,
}

impl Seat {
    fn new(shared: Arc<Shared>) -> Self {
        let now = shared.now();
        let first = shared.in_flight.fetch_add(1, Relaxed) == 0;
        let answered = if first {
            shared.answered.swap(now, Relaxed)
        } else {
            now
        };
        let idle = u128::from(now.saturating_sub(answered)) > FRESH.as_millis();
        Self { shared, idle }
    }

    /// Whether the connection can be used.
    pub(super) async fn is_usable(&self) -> bool {
        if self.idle {
            notice_close().await;
        }
        !self.connection().client.is_closed()
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.shared.connection
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.answered.store(self.shared.now(), Relaxed);
        self.shared.in_flight.fetch_sub(1, Relaxed);
    }
}

enum State {
    /// The time of the last attempt.
    Absent(Option<Instant>),
    Opening,
    Open(Arc<Shared>),
}

/// The shared connection of a pool, and what is known of its statements.
pub(super) struct Sharing {
    state: Mutex<State>,
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

    fn is_quick(&self, sql: &str) -> bool {
        lock(&self.quick).get(sql).is_some_and(|runs| *runs >= RUNS)
    }
}

impl Pool {
    /// A place on the shared connection, if the statement is quick and the connection is not busy. The first call opens
    /// the connection.
    pub(super) fn seat(self: &Arc<Self>, sql: &str) -> Option<Seat> {
        if !self.sharing.is_quick(sql) {
            return None;
        }
        let mut state = lock(&self.sharing.state);
        match &*state {
            State::Open(shared) if !shared.connection.client.is_closed() => {
                return shared.accepts().then(|| Seat::new(shared.clone()));
            }
            State::Opening => return None,
            State::Absent(Some(last)) if last.elapsed() < RETRY => return None,
            State::Open(_) | State::Absent(_) => {}
        }
        *state = State::Opening;
        let opening = Opening(self.clone());
        tokio::spawn(async move {
            if let Ok(connection) = opening.0.connect_once().await {
                *lock(&opening.0.sharing.state) = State::Open(Arc::new(Shared::new(connection)));
            }
        });
        None
    }
}

/// An attempt to open the shared connection; another is possible after its end, however it ends.
struct Opening(Arc<Pool>);

impl Drop for Opening {
    fn drop(&mut self) {
        let mut state = lock(&self.0.sharing.state);
        if matches!(*state, State::Opening) {
            *state = State::Absent(Some(Instant::now()));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
