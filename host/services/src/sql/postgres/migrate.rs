//! Migrations of PostgreSQL databases, on a connection of their own that holds an advisory lock.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::error::ErrorPosition;
use tokio_postgres::{Client, Error, NoTls};

use super::database::Postgres;
use crate::sql::migrate::{Applied, CREATE_TABLE, File, SELECT, failure, pending};

/// Number of the advisory lock: "spikard" in ASCII.
const LOCK: i64 = 0x0073_7069_6b61_7264;
/// Time to wait for another process that migrates.
const WAIT: Duration = Duration::from_secs(60);

impl Postgres {
    pub(crate) async fn applied_migrations(self: Arc<Self>) -> Result<Vec<Applied>, String> {
        let client = self.migrator().await?;
        let exists = client
            .query_one("select to_regclass('_spikard_migrations') is not null", &[])
            .await;
        if exists
            .and_then(|row| row.try_get(0))
            .map_err(|error| unreadable(&error))?
        {
            applied(&client).await
        } else {
            Ok(Vec::new())
        }
    }

    pub(crate) async fn migrate(self: Arc<Self>, files: Vec<File>) -> Result<Vec<String>, String> {
        let client = self.migrator().await?;
        let lock = format!("set statement_timeout = 0; select pg_advisory_lock({LOCK})");
        match tokio::time::timeout(WAIT, client.batch_execute(&lock)).await {
            Ok(locked) => locked.map_err(|error| unreadable(&error))?,
            Err(_) => {
                return Err(format!(
                    "another process has been migrating the database for {WAIT:?}; wait for it"
                ));
            }
        }
        client
            .batch_execute(CREATE_TABLE)
            .await
            .map_err(|error| unreadable(&error))?;
        let applied = applied(&client).await?;
        let mut names = Vec::new();
        for file in pending(&files, &applied)? {
            // Closing the connection after an error rolls back.
            apply(&client, file).await?;
            names.push(file.name.clone());
        }
        Ok(names)
    }

    /// Opens a connection; dropping the client closes it, and releases the lock.
    async fn migrator(&self) -> Result<Client, String> {
        let (client, connection) = self
            .config()
            .connect(NoTls)
            .await
            .map_err(|error| format!("cannot connect to the database: {}", describe(&error)))?;
        tokio::spawn(connection);
        // Notices, such as that the table exists, are of no interest.
        client
            .batch_execute("set client_min_messages = warning")
            .await
            .map_err(|error| unreadable(&error))?;
        Ok(client)
    }
}

async fn apply(client: &Client, file: &File) -> Result<(), String> {
    let failed = |error: Error| failure(file, offset(&error, file), &describe(&error));
    client.batch_execute("begin").await.map_err(failed)?;
    let before = transaction(client).await.map_err(failed)?;
    client.batch_execute(&file.sql).await.map_err(failed)?;
    if transaction(client).await.map_err(failed)? != before {
        return Err(format!(
            "the migration `{}` ends the transaction that it runs in, and may have been applied in part; remove its `begin`, \
             `commit` and `rollback`, and check the database",
            file.name
        ));
    }
    client
        .execute(
            "insert into _spikard_migrations values ($1, $2, to_char(now() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'))",
            &[&file.name, &file.hash],
        )
        .await
        .map_err(failed)?;
    client.batch_execute("commit").await.map_err(|error| match error.as_db_error() {
        Some(_) => failed(error),
        None => format!(
            "the connection to the database was lost during the commit of the migration `{}`, which may or may not have been applied; \
             repeat the command",
            file.name
        ),
    })
}

/// The number of the transaction, which changes if a file ends it.
async fn transaction(client: &Client) -> Result<String, Error> {
    client
        .query_one("select txid_current()::text", &[])
        .await?
        .try_get(0)
}

async fn applied(client: &Client) -> Result<Vec<Applied>, String> {
    let rows = client
        .query(SELECT, &[])
        .await
        .map_err(|error| unreadable(&error))?;
    let rows = rows.iter().map(|row| {
        Ok(Applied {
            name: row.try_get(0)?,
            hash: row.try_get(1)?,
            time: row.try_get(2)?,
        })
    });
    rows.collect::<Result<_, Error>>()
        .map_err(|error| unreadable(&error))
}

fn unreadable(error: &Error) -> String {
    format!(
        "cannot read or create the table of migrations: {}",
        describe(error)
    )
}

/// The text of an error, without the address of the server.
fn describe(error: &Error) -> String {
    match error.as_db_error() {
        Some(database) => database.message().to_owned(),
        None => match std::error::Error::source(error) {
            Some(source) => source.to_string(),
            None => error.to_string(),
        },
    }
}

/// The byte of the file at which PostgreSQL found the error; it counts characters.
fn offset(error: &Error, file: &File) -> Option<usize> {
    let ErrorPosition::Original(position) = error.as_db_error()?.position()? else {
        return None;
    };
    let character = usize::try_from(*position).ok()?.checked_sub(1)?;
    file.sql
        .char_indices()
        .nth(character)
        .map(|(offset, _)| offset)
}
