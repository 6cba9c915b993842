//! Running one statement on a connection.

use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Statement, StatementStatus};

use crate::{Failed, Outcome, Payload};

use super::super::SqlLimits;
use super::super::failure::{stopped, timeout};
use super::super::param::Param;
use super::super::rows::Rows;
use super::bind::{Bind, bind};
use super::connection::{Connection, is_busy};
use super::error::failed;

/// How to run a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    /// Time until the statement is interrupted.
    pub(super) time: Duration,
    /// The thread must not wait: after the time, or if the database is locked, the statement is to be repeated on another.
    pub(super) in_place: bool,
    /// Only statements that read; others are to be repeated on the writer.
    pub(super) read_only: bool,
}

/// What has become of a statement.
pub(super) enum Ran {
    Done(Result<Outcome, Failed>),
    /// It writes: nothing has run.
    Writes,
    /// It takes longer, or the database is locked: it has had no effect.
    Slow,
}

impl Connection {
    /// Runs one statement.
    pub(super) fn run(&mut self, sql: &str, body: &Payload, mode: Mode, limits: &SqlLimits) -> Ran {
        self.control.limit(mode.time);
        // The future was dropped before this thread came to it.
        if self.control.is_cancelled() {
            return Ran::Done(Err(stopped()));
        }
        let in_transaction = !self.raw.is_autocommit();
        let result = match self.attempt(sql, body, mode, limits) {
            Ok(Some(outcome)) => Ran::Done(Ok(outcome)),
            Ok(None) => Ran::Writes,
            Err(Attempt::Failed(failed)) => Ran::Done(Err(failed)),
            Err(Attempt::Sqlite(error)) => {
                let interrupted = error.sqlite_error_code()
                    == Some(rusqlite::ffi::ErrorCode::OperationInterrupted);
                if mode.in_place && (interrupted || is_busy(&error)) {
                    Ran::Slow
                } else if interrupted && self.control.expired() {
                    Ran::Done(Err(timeout(limits)))
                } else {
                    Ran::Done(Err(failed(&error, &self.control, limits)))
                }
            }
        };
        self.control.unlimited();
        if !in_transaction {
            self.roll_back();
        }
        result
    }

    fn attempt(
        &mut self,
        sql: &str,
        body: &Payload,
        mode: Mode,
        limits: &SqlLimits,
    ) -> Result<Option<Outcome>, Attempt> {
        let params = Param::parse(body)?;
        let mut statement = self.raw.prepare_cached(sql)?;
        let read_only = statement.readonly();
        if mode.read_only && !read_only {
            return Ok(None);
        }
        bind(&mut statement, &params)?;
        if read_only {
            return Ok(Some(rows(&mut statement, limits)?.finish(0, None)?));
        }
        // Rows that do not fit must undo the change that returns them.
        let own_transaction = statement.column_count() > 0 && self.raw.is_autocommit();
        if own_transaction {
            self.internal("begin immediate")?;
        }
        let before = self.raw.total_changes();
        self.control.take_inserted();
        let out = rows(&mut statement, limits)?;
        let changed = self.raw.total_changes() != before;
        let changes = if changed { self.raw.changes() } else { 0 };
        let last_id = self
            .control
            .take_inserted()
            .then(|| self.raw.last_insert_rowid());
        let outcome = out.finish(changes, last_id)?;
        if own_transaction {
            self.internal("commit")?;
        }
        Ok(Some(outcome))
    }
}

/// Runs the statement and writes its rows.
fn rows(statement: &mut Statement<'_>, limits: &SqlLimits) -> Result<Rows, Attempt> {
    let mut out = Rows::new(*limits);
    out.columns(statement.column_names())?;
    let compiled = statement.get_status(StatementStatus::RePrepare);
    let mut rows = statement.raw_query();
    let mut first = true;
    while let Some(row) = rows.next()? {
        if first {
            // The first step compiles the statement again if the schema has changed.
            let statement: &Statement<'_> = row.as_ref();
            if statement.get_status(StatementStatus::RePrepare) != compiled {
                out = Rows::new(*limits);
                out.columns(statement.column_names())?;
            }
            first = false;
        }
        out.begin_row();
        for column in 0..out.width() {
            out.key(column);
            match row.get_ref(column)? {
                ValueRef::Null => out.null(),
                ValueRef::Integer(value) => out.int(column, value)?,
                ValueRef::Real(value) => out.float(column, value)?,
                ValueRef::Text(text) => {
                    let text = std::str::from_utf8(text).map_err(|_| {
                        Failed::new(
                            "sql",
                            "a text of the result is not UTF-8; read it with `cast(... as blob)`",
                        )
                    })?;
                    out.text(column, text)?;
                }
                ValueRef::Blob(bytes) => out.bytes(column, bytes)?,
            }
        }
        out.end_row()?;
    }
    Ok(out)
}

enum Attempt {
    Failed(Failed),
    Sqlite(rusqlite::Error),
}

impl From<Failed> for Attempt {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<rusqlite::Error> for Attempt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Bind> for Attempt {
    fn from(error: Bind) -> Self {
        match error {
            Bind::Arguments(failed) => Self::Failed(failed),
            Bind::Sqlite(error) => Self::Sqlite(error),
        }
    }
}
