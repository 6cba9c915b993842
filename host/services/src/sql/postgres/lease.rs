//! A connection for the time of a statement or transaction.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::NoTls;

use super::connection::Connection;
use super::pool::Pool;
use super::run::{RunError, run};
use crate::sql::param::Param;
use crate::sql::verb::Verb;
use crate::{Failed, Outcome};

/// Time for cancelling a statement or rolling back, after which the connection is closed.
const CLEANUP: Duration = Duration::from_secs(5);

pub(super) struct Lease {
    /// Present until the drop.
    connection: Option<Connection>,
    pub(super) pool: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
    /// A response of the server is not complete.
    pub(super) busy: bool,
    /// A transaction is open.
    pub(super) transaction: bool,
}

impl Pool {
    /// Takes an idle connection, or opens one, or waits for one.
    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Lease, Failed> {
        let permit = self.permit().await?;
        if let Some(connection) = self.take_idle().await {
            return Ok(Lease::new(connection, self.clone(), permit));
        }
        let connection = self.connect().await?;
        Ok(Lease::new(connection, self.clone(), permit))
    }
}

impl Lease {
    fn new(connection: Connection, pool: Arc<Pool>, permit: OwnedSemaphorePermit) -> Self {
        Self {
            connection: Some(connection),
            pool,
            permit: Some(permit),
            busy: false,
            transaction: false,
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        self.connection
            .as_ref()
            .expect("a lease has its connection until it is dropped")
    }

    /// Whether the connection can run another statement.
    pub(super) fn usable(&self) -> bool {
        !self.busy && !self.connection().client.is_closed()
    }

    /// Runs a statement.
    pub(super) async fn run(
        &mut self,
        sql: &str,
        verb: Verb,
        params: &[Param<'_>],
        in_transaction: bool,
    ) -> Result<Outcome, RunError> {
        let mut busy = std::mem::replace(&mut self.busy, true);
        let limits = self.pool.limits;
        let result = run(
            self.connection(),
            sql,
            verb,
            params,
            in_transaction,
            &limits,
            &mut busy,
        )
        .await;
        self.busy = busy;
        result
    }

    /// Runs a statement of the host itself, such as COMMIT.
    pub(super) async fn command(&mut self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.busy = true;
        let result = self.connection().client.batch_execute(sql).await;
        // An error of the database is a complete response.
        self.busy = matches!(&result, Err(error) if error.as_db_error().is_none());
        result
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if connection.client.is_closed() {
            return;
        }
        if !self.busy && !self.transaction {
            self.pool.put_back(connection);
            return;
        }
        // Without a runtime there is nothing left that could use the connection; closing it ends the transaction.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (busy, pool, permit) = (self.busy, self.pool.clone(), self.permit.take());
        runtime.spawn(async move {
            if busy {
                // Closing the connection alone would leave the statement running.
                let cancelled = tokio::time::timeout(
                    CLEANUP,
                    connection.client.cancel_token().cancel_query(NoTls),
                )
                .await;
                if !matches!(cancelled, Ok(Ok(()))) {
                    tracing::debug!(
                        "a statement could not be cancelled; its connection was closed"
                    );
                }
            } else if let Ok(Ok(())) =
                tokio::time::timeout(CLEANUP, connection.client.batch_execute("rollback")).await
            {
                pool.put_back(connection);
            }
            drop(permit);
        });
    }
}
