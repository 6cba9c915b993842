//! Places of statements on the shared connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::{Connection, notice_close};
use super::pool::Pool;
use super::sharing::{Shared, State, lock};

/// Time between two attempts to open the connection.
const RETRY: Duration = Duration::from_secs(1);

/// A statement in progress on the shared connection.
pub(super) struct Seat {
    shared: Arc<Shared>,
    /// The connection was idle for a while: the server may have closed it.
    idle: bool,
}

impl Seat {
    fn new(shared: Arc<Shared>) -> Self {
        let idle = shared.enter();
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
        self.shared.leave();
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
