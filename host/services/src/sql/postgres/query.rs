//! Statements outside of transactions.

use std::sync::Arc;
use std::time::Instant;

use crate::{Failed, Outcome, Payload};

use super::super::SqlLimits;
use super::super::failure::{invalid, statement_too_large, stopped, timeout};
use super::super::param::Param;
use super::super::verb::{Dialect, Verb};
use super::database::{GRACE, Postgres};
use super::error::lost;
use super::pool::Pool;
use super::run::{RunError, run};
use super::seat::Seat;

impl Postgres {
    /// Runs a statement outside of transactions.
    pub(crate) async fn query(
        self: Arc<Self>,
        sql: String,
        body: Payload,
    ) -> Result<Outcome, Failed> {
        let verb = check(&sql, false, &self.limits)?;
        let params = Param::parse(&body)?;
        let pool = self.pool().clone();
        let work = async {
            let seat = if verb == Verb::Read {
                pool.seat(&sql)
            } else {
                None
            };
            if let Some(seat) = seat {
                match shared(seat, pool.clone(), sql.clone(), body.clone()).await {
                    Ok(outcome) => return Ok(outcome),
                    Err(RunError::Failed(failed)) => return Err(failed),
                    Err(RunError::NotRun(_)) => {}
                }
            }
            let mut lease = pool.acquire().await?;
            let started = Instant::now();
            match lease.run(&sql, verb, &params, false).await {
                Ok(outcome) => {
                    if verb == Verb::Read && !lease.connection().is_altered() {
                        pool.sharing.record(&sql, started.elapsed());
                    }
                    Ok(outcome)
                }
                Err(RunError::Failed(failed)) => Err(failed),
                // The server has not seen the statement: it is safe to repeat it, once.
                Err(RunError::NotRun(_)) => {
                    drop(lease);
                    let mut lease = pool.acquire().await?;
                    let repeated = lease.run(&sql, verb, &params, false).await;
                    repeated.map_err(RunError::into_failed)
                }
            }
        };
        tokio::time::timeout(self.limits.time + GRACE, work)
            .await
            .unwrap_or_else(|_| Err(timeout(&self.limits)))
    }
}

/// Runs a statement on the shared connection, in a task of its own: whatever happens to the operation, its rows are read,
/// so that those of the others can be.
async fn shared(
    seat: Seat,
    pool: Arc<Pool>,
    sql: String,
    body: Payload,
) -> Result<Outcome, RunError> {
    let task = tokio::spawn(async move {
        if !seat.is_usable().await {
            return Err(RunError::NotRun(lost()));
        }
        let params = Param::parse(&body)?;
        let started = Instant::now();
        let limits = &pool.limits;
        let mut busy = false;
        let result = run(
            seat.connection(),
            &sql,
            Verb::Read,
            &params,
            false,
            limits,
            &mut busy,
        )
        .await;
        pool.sharing.record(&sql, started.elapsed());
        result
    });
    task.await
        .unwrap_or_else(|_| Err(RunError::Failed(stopped())))
}

/// Checks the text of a statement and returns its verb.
pub(super) fn check(sql: &str, in_transaction: bool, limits: &SqlLimits) -> Result<Verb, Failed> {
    if sql.len() > limits.statement_bytes {
        return Err(statement_too_large(sql.len(), limits));
    }
    if sql.contains('\0') {
        return Err(invalid(
            "the statement contains a NUL character, which PostgreSQL text cannot contain; remove it",
        ));
    }
    let verb = Verb::of(sql, Dialect::Postgres);
    verb.check(in_transaction)?;
    Ok(verb)
}
