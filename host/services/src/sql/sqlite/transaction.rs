//! Transactions of SQLite. One that writes has the writer for itself until it ends.

use std::sync::Arc;
use std::time::Instant;

use crate::{Failed, Outcome, Payload};

use super::connection::{BUSY, Connection, is_busy};
use super::control::CancelOnDrop;
use super::database::Sqlite;
use super::error::failed;
use super::lease::{Held, Lease};
use super::run::Ran;
use crate::sql::failure::{stopped, transaction_ended};
use crate::sql::verb::Verb;

/// An open transaction. Dropping it rolls it back.
pub(crate) struct Transaction {
    held: Held,
    read_only: bool,
    database: Arc<Sqlite>,
}

impl Sqlite {
    pub(crate) async fn begin(self: Arc<Self>, read_only: bool) -> Result<Transaction, Failed> {
        let held = if read_only && self.path.is_some() {
            Held::Reader(self.reader()?)
        } else {
            Held::Writer(self.writer().await?)
        };
        let mut transaction = Transaction {
            held,
            read_only,
            database: self,
        };
        let begun = transaction.begin();
        match begun {
            Ok(()) => Ok(transaction),
            Err(error) if is_busy(&error) => transaction.wait_and_begin().await,
            Err(error) => Err(transaction.failed(&error)),
        }
    }
}

impl Transaction {
    fn begin(&mut self) -> rusqlite::Result<()> {
        let read_only = self.read_only;
        let connection = self.held.get();
        connection.query_only(read_only)?;
        connection.internal(if read_only {
            "begin"
        } else {
            "begin immediate"
        })
    }

    /// Waits on another thread for another process that writes.
    async fn wait_and_begin(mut self) -> Result<Self, Failed> {
        let cancel = CancelOnDrop(Some(self.connection().control.clone()));
        let work = tokio::task::spawn_blocking(move || {
            let begun = self
                .connection()
                .raw
                .busy_timeout(BUSY)
                .and_then(|()| self.begin());
            let _ = self
                .connection()
                .raw
                .busy_timeout(std::time::Duration::ZERO);
            match begun {
                Ok(()) => Ok(self),
                Err(error) => Err(self.failed(&error)),
            }
        });
        let result = work.await;
        cancel.disarm();
        result.map_err(|_| stopped())?
    }

    /// Runs a statement. Returns the transaction unless it has ended.
    pub(crate) async fn query(
        mut self,
        sql: String,
        body: Payload,
    ) -> (Option<Self>, Result<Outcome, Failed>) {
        let started = Instant::now();
        let database = self.database.clone();
        let verb = match database.check(&sql, true) {
            Ok(verb) => verb,
            Err(failed) => return (Some(self), Err(failed)),
        };
        // A statement that reads can be interrupted and repeated; interrupting one that writes would roll back everything.
        if self.read_only || matches!(verb, Verb::Read | Verb::With) {
            let mode = database.in_place(!self.read_only);
            if let Ran::Done(result) = self.connection().run(&sql, &body, mode, &database.limits) {
                return self.unless_ended(result);
            }
        }
        match database.on_thread(started, self, sql, body).await {
            (Some(transaction), result) => transaction.unless_ended(result),
            (None, result) => (None, result),
        }
    }

    /// SQLite ends the transaction itself after some errors, such as a full disk.
    fn unless_ended(
        mut self,
        result: Result<Outcome, Failed>,
    ) -> (Option<Self>, Result<Outcome, Failed>) {
        let ended = self.connection().raw.is_autocommit();
        ((!ended).then_some(self), result)
    }

    pub(crate) fn commit(mut self) -> Result<(), Failed> {
        if self.connection().raw.is_autocommit() {
            return Err(transaction_ended());
        }
        let committed = self.connection().internal("commit");
        committed.map_err(|error| self.failed(&error))
    }

    fn connection(&mut self) -> &mut Connection {
        self.held.get()
    }

    fn failed(&mut self, error: &rusqlite::Error) -> Failed {
        let limits = self.database.limits;
        failed(error, &self.connection().control, &limits)
    }
}

impl Lease for Transaction {
    fn get(&mut self) -> &mut Connection {
        self.held.get()
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.connection().roll_back();
        // A database in memory writes with the same connection.
        if self.read_only
            && let Held::Writer(writer) = &mut self.held
            && let Err(error) = writer.get().query_only(false)
        {
            tracing::error!(%error, "a SQLite connection remains read-only");
        }
    }
}
