//! Statements outside of transactions, and the threads of those that are slow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Failed, Outcome, Payload};

use super::super::failure::{invalid, statement_too_large, stopped, timeout};
use super::super::verb::{Dialect, Verb};
use super::connection::BUSY;
use super::control::CancelOnDrop;
use super::database::Sqlite;
use super::lease::Lease;
use super::run::{Mode, Ran};

/// Time for which a statement may run on the thread of a worker.
const BUDGET: Duration = Duration::from_millis(1);

impl Sqlite {
    /// Runs a statement outside of transactions.
    pub(crate) async fn query(
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
        let left = self.limits.time.saturating_sub(started.elapsed());
        let wait = self.limits.wait.min(left);
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
    pub(super) async fn on_thread<C: Lease>(
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

    pub(super) fn in_place(&self, read_only: bool) -> Mode {
        Mode {
            time: BUDGET.min(self.limits.time),
            in_place: true,
            read_only,
        }
    }

    pub(super) fn check(&self, sql: &str, in_transaction: bool) -> Result<Verb, Failed> {
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
}
