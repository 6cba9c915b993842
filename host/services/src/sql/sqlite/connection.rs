//! One connection to a SQLite database, with what an app may do with it.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::Action;
use rusqlite::limits::Limit;
use rusqlite::{OpenFlags, ffi};

use super::super::SqlLimits;
use super::authorizer;
use super::control::Control;

/// Time for which a thread of its own waits for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Virtual machine instructions between two looks at the clock, about 10 µs.
const STEPS: i32 = 500;
const STATEMENTS: usize = 256;
/// Matching takes quadratic time in the pattern, and cannot be interrupted.
const PATTERN_BYTES: i32 = 4096;

pub(super) struct Connection {
    pub(super) raw: rusqlite::Connection,
    pub(super) control: Arc<Control>,
}

impl Connection {
    /// Opens the database at `path`, or one in memory.
    pub(super) fn open(
        path: Option<&Path>,
        limits: &SqlLimits,
        create: bool,
    ) -> rusqlite::Result<Self> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let mut raw = match path {
            Some(path) => rusqlite::Connection::open_with_flags(path, flags)?,
            None => rusqlite::Connection::open_in_memory_with_flags(flags)?,
        };
        let control = Arc::new(Control::default());
        raw.busy_timeout(BUSY)?;
        use_wal(&raw)?;
        raw.execute_batch(
            "pragma synchronous = normal; pragma foreign_keys = on; pragma cache_size = -8000",
        )?;
        raw.busy_timeout(Duration::ZERO)?;
        for (config, on) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            // "name" is always a name: a misspelled column is an error.
            (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
            (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        ] {
            raw.set_db_config(config, on)?;
        }
        let bytes = |limit: usize| i32::try_from(limit).unwrap_or(i32::MAX);
        raw.set_limit(
            Limit::SQLITE_LIMIT_LENGTH,
            bytes(limits.result_bytes.max(1 << 20)),
        )?;
        raw.set_limit(
            Limit::SQLITE_LIMIT_SQL_LENGTH,
            bytes(limits.statement_bytes),
        )?;
        raw.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        raw.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES)?;
        raw.set_prepared_statement_cache_capacity(STATEMENTS);

        let state = control.clone();
        raw.progress_handler(STEPS, Some(move || state.interrupts()))?;
        let state = control.clone();
        raw.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            authorizer::authorize(&state, &context)
        }))?;
        let state = control.clone();
        raw.update_hook(Some(move |action: Action, _: &str, _: &str, _: i64| {
            if action == Action::SQLITE_INSERT {
                state.set_inserted();
            }
        }))?;
        if path.is_some() {
            // A checkpoint waits for the disk: it runs on a thread of its own (`Sqlite::checkpoint`).
            let state = control.clone();
            raw.wal_hook(Some(
                move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
                    state.set_pages(pages);
                    Ok(())
                },
            ))?;
        }
        Ok(Self { raw, control })
    }

    /// Makes the connection refuse to write.
    pub(super) fn query_only(&self, on: bool) -> rusqlite::Result<()> {
        self.control
            .internally(|| self.raw.pragma_update(None, "query_only", on))
    }

    /// Runs a statement of the host itself, such as COMMIT.
    pub(super) fn internal(&self, sql: &str) -> rusqlite::Result<()> {
        self.control
            .internally(|| self.raw.prepare_cached(sql)?.raw_execute().map(drop))
    }

    /// Rolls back if a transaction is open.
    pub(super) fn roll_back(&self) {
        if self.raw.is_autocommit() {
            return;
        }
        self.control.unlimited();
        self.control.revive();
        if let Err(error) = self.internal("rollback") {
            tracing::error!(%error, "rollback of a SQLite transaction failed");
        }
    }
}

/// Switches a database to a write-ahead log. Repeats the statement while another connection does the same, because SQLite
/// does not wait for that lock.
fn use_wal(raw: &rusqlite::Connection) -> rusqlite::Result<()> {
    let start = Instant::now();
    loop {
        match raw.execute_batch("pragma journal_mode = wal") {
            Err(error) if is_busy(&error) && start.elapsed() < BUSY => {
                thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

/// Whether the database is locked by another process.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked)
    )
}
