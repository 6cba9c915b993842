//! Connections for the time of a statement or transaction. Dropping one gives it back.

use std::sync::{Arc, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::Failed;

use super::connection::Connection;
use super::control::Control;
use super::database::Sqlite;
use super::error::failed;

/// Pages in the write-ahead log from which it is written back to the database.
const CHECKPOINT_PAGES: i32 = 1000;
/// Readers that stay open.
const IDLE_READERS: usize = 64;

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
    fn new(connection: Connection, pool: Arc<Sqlite>) -> Self {
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
    connection: OwnedMutexGuard<Connection>,
    pool: Arc<Sqlite>,
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

impl Sqlite {
    /// Takes a connection that reads.
    pub(super) fn reader(self: &Arc<Self>) -> Result<Reader, Failed> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let opened = Connection::open(self.path.as_deref(), &self.limits, false)
                    .and_then(|connection| connection.query_only(true).map(|()| connection));
                opened.map_err(|error| failed(&error, &Control::default(), &self.limits))?
            }
        };
        connection.control.revive();
        Ok(Reader::new(connection, self.clone()))
    }

    /// Takes the connection that writes, as soon as it is free.
    pub(super) async fn writer(self: &Arc<Self>) -> Result<Writer, Failed> {
        let connection = match self.writer.clone().try_lock_owned() {
            Ok(connection) => connection,
            Err(_) => tokio::time::timeout(self.limits.wait, self.writer.clone().lock_owned()).await.map_err(|_| {
                Failed::new(
                    "busy",
                    format!(
                        "other transactions have been writing to the database for {:?}; keep transactions short, and pass the \
                         transaction to every statement of its task",
                        self.limits.wait
                    ),
                )
            })?,
        };
        connection.control.revive();
        Ok(Writer {
            connection,
            pool: self.clone(),
        })
    }
}
