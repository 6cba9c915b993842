//! Migrations of SQLite databases. The lock is that of the transaction that writes.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::OptionalExtension as _;

use super::connection::Connection;
use super::control::CancelOnDrop;
use super::database::Sqlite;
use super::lease::{Lease, Writer};
use crate::sql::migrate::{Applied, CREATE_TABLE, File, SELECT, failure, pending};

/// Time to wait for another process that migrates.
const WAIT: Duration = Duration::from_secs(60);

impl Sqlite {
    pub(crate) async fn applied_migrations(self: Arc<Self>) -> Result<Vec<Applied>, String> {
        self.on_writer(|connection| {
            let exists = "select 1 from sqlite_schema where name = '_spikard_migrations'";
            match connection.raw.query_row(exists, [], |_| Ok(())).optional() {
                Ok(Some(())) => applied(connection),
                Ok(None) => Ok(Vec::new()),
                Err(error) => Err(unreadable(&error)),
            }
        })
        .await
    }

    pub(crate) async fn migrate(self: Arc<Self>, files: Vec<File>) -> Result<Vec<String>, String> {
        self.on_writer(move |connection| {
            let mut names = Vec::new();
            while let Some(name) =
                next(connection, &files).inspect_err(|_| connection.roll_back())?
            {
                names.push(name);
            }
            Ok(names)
        })
        .await
    }

    /// Runs work with the writer, on a thread that may wait.
    async fn on_writer<T: Send + 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&mut Connection) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let mut writer: Writer = self.writer().await.map_err(|failed| failed.message)?;
        let cancel = CancelOnDrop(Some(writer.get().control.clone()));
        let result = tokio::task::spawn_blocking(move || {
            let connection = writer.get();
            let _ = connection.raw.busy_timeout(WAIT);
            let result = work(connection);
            let _ = connection.raw.busy_timeout(Duration::ZERO);
            result
        });
        let result = result.await;
        cancel.disarm();
        result.map_err(|_| "the migration was stopped".to_owned())?
    }
}

/// Applies the next migration, if there is one.
fn next(connection: &mut Connection, files: &[File]) -> Result<Option<String>, String> {
    connection
        .internal("begin immediate")
        .map_err(|error| unreadable(&error))?;
    connection
        .internal(CREATE_TABLE)
        .map_err(|error| unreadable(&error))?;
    let applied = applied(connection)?;
    let Some(file) = pending(files, &applied)?.first().copied() else {
        connection
            .internal("commit")
            .map_err(|error| unreadable(&error))?;
        return Ok(None);
    };
    let run = |connection: &Connection| {
        connection.raw.execute_batch(&file.sql)?;
        connection.control.internally(|| {
            connection.raw.execute(
                "insert into _spikard_migrations values ($1, $2, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
                [&file.name, &file.hash],
            )
        })?;
        connection.internal("commit")
    };
    run(connection).map_err(|error| {
        let (offset, message) = describe(&error, file);
        match connection.control.take_rejected() {
            Some(what) => failure(
                file,
                offset,
                &format!("{what} cannot be used in a migration, which is one transaction"),
            ),
            None => failure(file, offset, &message),
        }
    })?;
    Ok(Some(file.name.clone()))
}

/// The place and text of an error. SQLite reports the rest of the file and a place in it.
fn describe(error: &rusqlite::Error, file: &File) -> (Option<usize>, String) {
    match error {
        rusqlite::Error::SqlInputError {
            msg, sql, offset, ..
        } => {
            let start = file.sql.len().checked_sub(sql.len());
            let offset = start.map(|start| start + usize::try_from(*offset).unwrap_or(0));
            (offset, msg.clone())
        }
        other => (None, other.to_string()),
    }
}

fn applied(connection: &Connection) -> Result<Vec<Applied>, String> {
    let read = || {
        let mut statement = connection.raw.prepare(SELECT)?;
        let rows = statement.query_map([], |row| {
            Ok(Applied {
                name: row.get(0)?,
                hash: row.get(1)?,
                time: row.get(2)?,
            })
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    read().map_err(|error| unreadable(&error))
}

fn unreadable(error: &rusqlite::Error) -> String {
    format!("cannot read or create the table of migrations: {error}")
}
