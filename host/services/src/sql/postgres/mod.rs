//! PostgreSQL databases.
//!
//! Each worker has a pool of connections of its own: a connection lives on the runtime that opened it. A statement has a
//! connection for itself. What happens to the connection afterwards is decided when its lease is dropped, so that a
//! dropped future is the same as any other end: a statement in progress is cancelled and its connection closed, and an
//! open transaction is rolled back.

mod array;
mod bind;
mod cell;
mod connection;
mod error;
mod lease;
mod migrate;
mod moment;
mod numeric;
mod pool;
mod run;
mod shared;
mod transaction;

use std::sync::Arc;
use std::time::{Duration, Instant};

use thread_local::ThreadLocal;
use tokio_postgres::Config;

use crate::{Failed, Outcome, Payload};

use self::error::lost;
use self::pool::Pool;
use self::run::{RunError, run};
use self::shared::Seat;
pub(super) use self::transaction::Transaction;

use super::SqlLimits;
use super::failure::{invalid, statement_too_large, stopped, timeout};
use super::param::Param;
use super::verb::{Dialect, Verb};

/// How much longer than the server the host waits for a statement, so that the server's error arrives.
const GRACE: Duration = Duration::from_millis(500);

/// A PostgreSQL database.
pub(super) struct Postgres {
    config: Config,
    limits: SqlLimits,
    pools: ThreadLocal<Arc<Pool>>,
}

impl Postgres {
    pub(super) fn new(config: &Config, limits: SqlLimits) -> Self {
        let mut config = config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(limits.wait);
        }
        // A peer that has gone without a word is noticed in a minute rather than in hours.
        config.keepalives_idle(Duration::from_secs(30));
        config.keepalives_interval(Duration::from_secs(10));
        config.keepalives_retries(3);
        if config.get_application_name().is_none() {
            config.application_name("spikard-wasm");
        }
        Self {
            config,
            limits,
            pools: ThreadLocal::new(),
        }
    }

    /// The pool of this thread.
    fn pool(&self) -> &Arc<Pool> {
        self.pools
            .get_or(|| Arc::new(Pool::new(self.config.clone(), self.limits)))
    }

    fn config(&self) -> &Config {
        &self.config
    }

    /// Runs a statement outside of transactions.
    pub(super) async fn query(
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

fn check(sql: &str, in_transaction: bool, limits: &SqlLimits) -> Result<Verb, Failed> {
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
