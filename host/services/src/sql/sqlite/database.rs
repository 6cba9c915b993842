//! A SQLite database and its connections.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Release};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::super::SqlLimits;
use super::connection::Connection;

/// A SQLite database.
pub(crate) struct Sqlite {
    pub(super) path: Option<PathBuf>,
    pub(super) limits: SqlLimits,
    pub(super) readers: Mutex<Vec<Connection>>,
    pub(super) writer: Arc<tokio::sync::Mutex<Connection>>,
    /// Statements on threads of their own.
    pub(super) slow: Arc<Semaphore>,
    checkpointing: AtomicBool,
}

impl Sqlite {
    pub(crate) fn open(path: Option<PathBuf>, limits: SqlLimits) -> Result<Self, String> {
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

    /// Writes the write-ahead log back to the database, on a thread of its own.
    pub(super) fn checkpoint(self: &Arc<Self>) {
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
