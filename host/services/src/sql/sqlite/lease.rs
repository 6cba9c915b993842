//! Connections for the time of a statement or transaction. Dropping one gives it back.

use std::sync::{Arc, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::connection::Connection;
use super::{CHECKPOINT_PAGES, IDLE_READERS, Sqlite};

pub(super) trait Lease: Send + 'static {
    fn get(&mut self) -> &mut Connection;
}

/// A connection of the pool of readers.
pub(super) struct Reader {
    /// Present until the drop.
    connection: Option<Connection>,
    pool: Arc<Sqlite>,
}

impl Reader {
    pub(super) fn new(connection: Connection, pool: Arc<Sqlite>) -> Self {
        Self {
            connection: Some(connection),
            pool,
        }
    }
}

impl Lease for Reader {
    fn get(&mut self) -> &mut Connection {
        self.connection
            .as_mut()
            .expect("a reader has its connection until it is dropped")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut idle = self
            .pool
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.extend(self.connection.take());
        }
    }
}

/// The connection that writes.
pub(super) struct Writer {
    pub(super) connection: OwnedMutexGuard<Connection>,
    pub(super) pool: Arc<Sqlite>,
}

impl Lease for Writer {
    fn get(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.connection.control.take_pages() >= CHECKPOINT_PAGES {
            self.pool.checkpoint();
        }
    }
}

/// The connection of a transaction.
pub(super) enum Held {
    Reader(Reader),
    Writer(Writer),
}

impl Lease for Held {
    fn get(&mut self) -> &mut Connection {
        match self {
            Self::Reader(reader) => reader.get(),
            Self::Writer(writer) => writer.get(),
        }
    }
}
