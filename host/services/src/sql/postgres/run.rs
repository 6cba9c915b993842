//! Running one statement on a connection.

use std::pin::pin;

use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio_postgres::RowStream;
use tokio_postgres::error::SqlState;

use crate::{Failed, Outcome};

use super::super::SqlLimits;
use super::super::failure::invalid;
use super::super::param::Param;
use super::super::rows::Rows;
use super::super::verb::Verb;
use super::bind::encode;
use super::cell::{self, Raw};
use super::connection::{Connection, Prepared};
use super::error::{failed, lost};

/// Why a statement has no result.
pub(super) enum RunError {
    Failed(Failed),
    /// The statement has certainly not run, and may run on another connection.
    NotRun(Failed),
}

impl RunError {
    pub(super) fn into_failed(self) -> Failed {
        match self {
            Self::Failed(failed) | Self::NotRun(failed) => failed,
        }
    }
}

impl From<Failed> for RunError {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// Runs a statement. `busy` tells whether its response is incomplete, so that the connection cannot be used any more.
pub(super) async fn run(
    connection: &Connection,
    sql: &str,
    verb: Verb,
    params: &[Param<'_>],
    in_transaction: bool,
    limits: &SqlLimits,
    busy: &mut bool,
) -> Result<Outcome, RunError> {
    *busy = true;
    let prepared = match connection.prepare(sql, verb).await {
        Ok(prepared) => prepared,
        Err(error) => {
            *busy = error.as_db_error().is_none();
            let failed = failed(&error, limits);
            let repeat = !in_transaction && (*busy || failed.code == "unavailable");
            return Err(if repeat {
                RunError::NotRun(failed)
            } else {
                RunError::Failed(failed)
            });
        }
    };
    *busy = false;
    let types = prepared.statement.params();
    if types.len() != params.len() {
        return Err(RunError::Failed(invalid(format!(
            "the statement has {} placeholders, but {} parameters were passed; pass one for each",
            types.len(),
            params.len()
        ))));
    }
    let encoded = params.iter().zip(types).enumerate();
    let encoded = encoded.map(|(index, (param, ty))| encode(param, ty, index + 1));
    let encoded = encoded.collect::<Result<Vec<_>, Failed>>()?;
    let mut out = Rows::new(*limits);
    let columns = prepared.statement.columns();
    out.columns(columns.iter().map(tokio_postgres::Column::name))?;
    cell::declare(&mut out, &prepared)?;

    *busy = true;
    let stream = match connection
        .client
        .query_raw(&prepared.statement, encoded)
        .await
    {
        Ok(stream) => stream,
        Err(error) => {
            *busy = error.as_db_error().is_none();
            return Err(rejected(connection, &error, sql, in_transaction, limits));
        }
    };
    let (out, affected) = match rows(stream, out, &prepared).await {
        Ok(done) => done,
        Err(RowsError::Postgres(error)) => {
            *busy = error.as_db_error().is_none();
            return Err(RunError::Failed(if *busy {
                lost()
            } else {
                failed(&error, limits)
            }));
        }
        // The remaining rows are not read: the connection stays busy, and the statement is cancelled.
        Err(RowsError::Failed(failed)) => return Err(RunError::Failed(failed)),
    };
    *busy = false;
    let changes = if prepared.changes { affected } else { 0 };
    Ok(out.finish(changes, None)?)
}

/// An error in place of the first response.
fn rejected(
    connection: &Connection,
    error: &tokio_postgres::Error,
    sql: &str,
    in_transaction: bool,
    limits: &SqlLimits,
) -> RunError {
    let Some(database) = error.as_db_error() else {
        return RunError::Failed(lost());
    };
    let failed = failed(error, limits);
    let stale = *database.code() == SqlState::INVALID_SQL_STATEMENT_NAME
        || database.routine() == Some("RevalidateCachedQuery");
    if stale {
        // The schema has changed since the statement was prepared; the server has rejected it.
        connection.forget(sql);
        if !in_transaction {
            return RunError::NotRun(failed);
        }
    }
    RunError::Failed(failed)
}

enum RowsError {
    Postgres(tokio_postgres::Error),
    Failed(Failed),
}

async fn rows(
    stream: RowStream,
    mut out: Rows,
    prepared: &Prepared,
) -> Result<(Rows, u64), RowsError> {
    let columns = prepared.statement.columns();
    let mut stream = pin!(stream.map_err(RowsError::Postgres).into_stream());
    while let Some(row) = stream.next().await {
        let row = row?;
        out.fits(row.raw_size_bytes()).map_err(RowsError::Failed)?;
        out.begin_row();
        for (index, column) in columns.iter().enumerate() {
            out.key(index);
            let Raw(value) = row.try_get(index).map_err(RowsError::Postgres)?;
            cell::write(&mut out, index, column.name(), column.type_(), value)
                .map_err(RowsError::Failed)?;
        }
        out.end_row().map_err(RowsError::Failed)?;
    }
    let affected = stream.get_ref().get_ref().rows_affected().unwrap_or(0);
    Ok((out, affected))
}
