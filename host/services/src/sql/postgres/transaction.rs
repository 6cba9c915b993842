//! Transactions of PostgreSQL.

use std::sync::Arc;

use crate::{Failed, Outcome, Payload};

use super::super::failure::timeout;
use super::super::head::Isolation;
use super::super::param::Param;
use super::super::verb::Verb;
use super::database::{GRACE, Postgres};
use super::error::{failed, lost_in_commit, rolled_back, unavailable};
use super::lease::Lease;
use super::query::check;
use super::run::RunError;

/// An open transaction. Dropping it rolls it back.
pub(crate) struct Transaction {
    lease: Lease,
    /// A statement has failed, so that the server will refuse all but a rollback.
    failed: bool,
}

impl Postgres {
    pub(crate) async fn begin(
        self: Arc<Self>,
        read_only: bool,
        isolation: Option<Isolation>,
    ) -> Result<Transaction, Failed> {
        let mut sql = "begin".to_owned();
        sql.push_str(match isolation {
            None => "",
            Some(Isolation::ReadCommitted) => " isolation level read committed",
            Some(Isolation::RepeatableRead) => " isolation level repeatable read",
            Some(Isolation::Serializable) => " isolation level serializable",
        });
        if read_only {
            sql.push_str(" read only");
        }
        let pool = self.pool().clone();
        let work = async {
            let mut lease = pool.acquire().await?;
            if lease.command(&sql).await.is_err() {
                // The connection was broken, and nothing has run.
                drop(lease);
                lease = pool.acquire().await?;
                lease
                    .command(&sql)
                    .await
                    .map_err(|error| unavailable(&error))?;
            }
            lease.transaction = true;
            Ok(Transaction {
                lease,
                failed: false,
            })
        };
        tokio::time::timeout(self.limits.time + GRACE, work)
            .await
            .unwrap_or_else(|_| Err(timeout(&self.limits)))
    }
}

impl Transaction {
    /// Runs a statement. Returns the transaction unless it has ended.
    pub(crate) async fn query(
        mut self,
        sql: String,
        body: Payload,
    ) -> (Option<Self>, Result<Outcome, Failed>) {
        let limits = self.lease.pool.limits;
        let checked = check(&sql, true, &limits).and_then(|verb| Ok((verb, Param::parse(&body)?)));
        let (verb, params) = match checked {
            Ok(checked) => checked,
            Err(failed) => return (Some(self), Err(failed)),
        };
        let Ok(result) = tokio::time::timeout(
            limits.time + GRACE,
            self.lease.run(&sql, verb, &params, true),
        )
        .await
        else {
            return (None, Err(timeout(&limits)));
        };
        match &result {
            // ROLLBACK TO
            Ok(_) if verb == Verb::Savepoint => self.failed = false,
            Ok(_) => {}
            Err(_) => self.failed = true,
        }
        let usable = self.lease.usable();
        (
            usable.then_some(self),
            result.map_err(RunError::into_failed),
        )
    }

    pub(crate) async fn commit(mut self) -> Result<(), Failed> {
        let limits = self.lease.pool.limits;
        let work = async {
            // The server answers the COMMIT of a failed transaction with a rollback, which is not an error for it.
            if self.failed && self.lease.command("select 1").await.is_err() {
                return Err(rolled_back());
            }
            match self.lease.command("commit").await {
                Ok(()) => {
                    self.lease.transaction = false;
                    Ok(())
                }
                Err(error) if error.as_db_error().is_some() => {
                    self.lease.transaction = false;
                    Err(failed(&error, &limits))
                }
                Err(_) => Err(lost_in_commit()),
            }
        };
        tokio::time::timeout(limits.time + GRACE, work)
            .await
            .unwrap_or_else(|_| Err(lost_in_commit()))
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), Failed> {
        // A server that has gone has rolled back, too.
        if self.lease.command("rollback").await.is_ok() {
            self.lease.transaction = false;
        }
        Ok(())
    }
}
