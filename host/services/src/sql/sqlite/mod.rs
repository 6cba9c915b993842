//! SQLite databases.
//!
//! Statements that read run in place, on the worker's thread, with a connection of the pool of readers: a thread switch
//! costs more than most of them. The few that take longer than [`BUDGET`] are interrupted and repeated on a thread of
//! their own. One connection writes; who needs it waits without blocking the worker. A database in memory has only that
//! connection.

mod authorizer;
mod bind;
mod connection;
mod control;
mod error;
mod lease;
mod migrate;
mod run;
#[cfg(test)]
mod tests;
mod transaction;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Release};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::{Failed, Outcome, Payload};

use self::connection::Connection;
use self::control::{CancelOnDrop, Control};
use self::error::failed;
use self::lease::{Lease, Reader, Writer};
use self::run::{Mode, Ran};
pub(super) use self::transaction::Transaction;

use super::SqlLimits;
use super::failure::{invalid, statement_too_large, stopped, timeout};
use super::verb::{Dialect, Verb};

/// Time for which a statement may run on the thread of a worker.
const BUDGET: Duration = Duration::from_millis(1);
/// Time for which a thread of its own waits for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Pages in the write-ahead log from which it is written back to the database.
const CHECKPOINT_PAGES: i32 = 1000;
/// Readers that stay open.
const IDLE_READERS: usize = 64;

/// A SQLite database.
pub(super) struct Sqlite {
    path: Option<PathBuf>,
    limits: SqlLimits,
    readers: Mutex<Vec<Connection>>,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    /// Statements on threads of their own.
    slow: Arc<Semaphore>,
    checkpointing: AtomicBool,
}

impl Sqlite {
    pub(super) fn open(path: Option<PathBuf>, limits: SqlLimits) -> Result<Self, String> {
        if let Some(folder) = path.as_ref().and_then(|path| path.parent())
            && !folder.as_os_str().is_empty()
            && !folder.is_dir()
        {
            return Err(format!(
                "the folder `{}` does not exist; create it",
                folder.display()
            ));
        }
        let writer =
            Connection::open(path.as_deref(), &limits, true).map_err(|error| match &path {
                Some(path) => format!(
                    "cannot open the SQLite database `{}`: {error}",
                    path.display()
                ),
                None => format!("cannot open a SQLite database in memory: {error}"),
            })?;
        Ok(Self {
            path,
            limits,
            readers: Mutex::default(),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            slow: Arc::new(Semaphore::new(limits.pool)),
            checkpointing: AtomicBool::new(false),
        })
    }

    /// Runs a statement outside of transactions.
    pub(super) async fn query(
        self: Arc<Self>,
        sql: String,
        body: Payload,
    ) -> Result<Outcome, Failed> {
        let started = Instant::now();
        let verb = self.check(&sql, false)?;
        if self.path.is_some() && matches!(verb, Verb::Read | Verb::With) {
            let mut reader = self.reader()?;
            match reader
                .get()
                .run(&sql, &body, self.in_place(true), &self.limits)
            {
                Ran::Done(result) => return result,
                Ran::Writes => drop(reader),
                Ran::Slow => {
                    drop(reader);
                    return self.slow_read(started, sql, body).await;
                }
            }
        }
        let mut writer = self.writer().await?;
        // Changes of the schema take long.
        if verb != Verb::Other {
            match writer
                .get()
                .run(&sql, &body, self.in_place(false), &self.limits)
            {
                Ran::Done(result) => return result,
                Ran::Writes | Ran::Slow => {}
            }
        }
        self.on_thread(started, writer, sql, body).await.1
    }

    async fn slow_read(
        self: Arc<Self>,
        started: Instant,
        sql: String,
        body: Payload,
    ) -> Result<Outcome, Failed> {
        let wait = self.limits.time.saturating_sub(started.elapsed());
        let _permit = tokio::time::timeout(wait, self.slow.clone().acquire_owned())
            .await
            .map_err(|_| {
                Failed::new(
                    "too-many",
                    format!("{} slow statements are in progress, the limit of the host; make them faster, for example with an index", self.limits.pool),
                )
            })?
            .map_err(|_| stopped())?;
        let reader = self.reader()?;
        self.on_thread(started, reader, sql, body).await.1
    }

    /// Runs a statement on a thread of its own.
    async fn on_thread<C: Lease>(
        &self,
        started: Instant,
        mut connection: C,
        sql: String,
        body: Payload,
    ) -> (Option<C>, Result<Outcome, Failed>) {
        let mode = Mode {
            time: self.limits.time.saturating_sub(started.elapsed()),
            in_place: false,
            read_only: false,
        };
        let limits = self.limits;
        let cancel = CancelOnDrop(Some(connection.get().control.clone()));
        let work = tokio::task::spawn_blocking(move || {
            let ran = {
                let connection = connection.get();
                // Another process may be writing.
                let waits = connection.raw.busy_timeout(BUSY);
                let ran = connection.run(&sql, &body, mode, &limits);
                if waits.is_ok() {
                    let _ = connection.raw.busy_timeout(Duration::ZERO);
                }
                ran
            };
            let result = match ran {
                Ran::Done(result) => result,
                Ran::Writes | Ran::Slow => Err(timeout(&limits)),
            };
            (connection, result)
        });
        let result = work.await;
        cancel.disarm();
        match result {
            Ok((connection, result)) => (Some(connection), result),
            Err(_) => (None, Err(stopped())),
        }
    }

    fn in_place(&self, read_only: bool) -> Mode {
        Mode {
            time: BUDGET.min(self.limits.time),
            in_place: true,
            read_only,
        }
    }

    fn check(&self, sql: &str, in_transaction: bool) -> Result<Verb, Failed> {
        if sql.len() > self.limits.statement_bytes {
            return Err(statement_too_large(sql.len(), &self.limits));
        }
        if sql.contains('\0') {
            return Err(invalid(
                "the statement contains a NUL character; pass it as a parameter",
            ));
        }
        let verb = Verb::of(sql, Dialect::Sqlite);
        verb.check(in_transaction)?;
        Ok(verb)
    }

    /// Takes a connection that reads.
    fn reader(self: &Arc<Self>) -> Result<Reader, Failed> {
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
    async fn writer(self: &Arc<Self>) -> Result<Writer, Failed> {
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

    /// Writes the write-ahead log back to the database, on a thread of its own.
    fn checkpoint(self: &Arc<Self>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if self.checkpointing.swap(true, AcqRel) {
            return;
        }
        let database = self.clone();
        runtime.spawn_blocking(move || {
            let checkpoint = Connection::open(database.path.as_deref(), &database.limits, false)
                .and_then(|connection| connection.control.internally(|| connection.raw.execute_batch("pragma wal_checkpoint(passive)")));
            if let Err(error) = checkpoint {
                tracing::warn!(%error, "checkpoint of a SQLite database failed; it is repeated after the next change");
            }
            database.checkpointing.store(false, Release);
        });
    }
}
