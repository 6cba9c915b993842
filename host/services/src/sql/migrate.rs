//! Migrations: the files `*.sql` of a folder, applied once each, in the order of their names.
//!
//! Every file runs in a transaction of its own, together with the row of the table `_spikard_migrations` that records it:
//! a file that fails leaves the database as it was. Processes that migrate at the same time wait for one another.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Databases;
use super::databases::Database;

pub(super) const CREATE_TABLE: &str = "create table if not exists _spikard_migrations (name text primary key, hash text not null, applied_at text not null)";
pub(super) const SELECT: &str =
    "select name, hash, applied_at from _spikard_migrations order by name";

/// A migration of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Name of the file.
    pub name: String,
    /// When it was applied, in ISO 8601; `None` if it has not been.
    pub applied: Option<String>,
}

/// A file with a migration.
pub(super) struct File {
    pub(super) name: String,
    pub(super) sql: String,
    pub(super) hash: String,
}

/// A row of the table of migrations.
pub(super) struct Applied {
    pub(super) name: String,
    pub(super) hash: String,
    pub(super) time: String,
}

/// Returns the migrations of the folder in their order. Changes nothing.
///
/// # Errors
/// Returns why the folder or the database cannot be read, or which applied migration has changed or is missing.
pub async fn status(
    databases: &Databases,
    database: &str,
    folder: &Path,
) -> Result<Vec<Migration>, String> {
    let (database, files) = open(databases, database, folder)?;
    let applied = match database {
        Database::Sqlite(sqlite) => sqlite.applied_migrations().await?,
        Database::Postgres(postgres) => postgres.applied_migrations().await?,
    };
    pending(&files, &applied)?;
    let time = |name: &str| {
        applied
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.time.clone())
    };
    Ok(files
        .iter()
        .map(|file| Migration {
            name: file.name.clone(),
            applied: time(&file.name),
        })
        .collect())
}

/// Applies the migrations of the folder that have not been applied, and returns their names.
///
/// # Errors
/// Returns which migration failed and why; those before it have been applied.
pub async fn up(
    databases: &Databases,
    database: &str,
    folder: &Path,
) -> Result<Vec<String>, String> {
    let (database, files) = open(databases, database, folder)?;
    match database {
        Database::Sqlite(sqlite) => sqlite.migrate(files).await,
        Database::Postgres(postgres) => postgres.migrate(files).await,
    }
}

fn open(
    databases: &Databases,
    database: &str,
    folder: &Path,
) -> Result<(Database, Vec<File>), String> {
    let database = databases
        .get(database)
        .map_err(|failed| failed.message)?
        .clone();
    Ok((database, read(folder)?))
}

/// Reads the files in the order of their names.
fn read(folder: &Path) -> Result<Vec<File>, String> {
    let unreadable = |path: &Path, error: std::io::Error| {
        format!("cannot read the migrations `{}`: {error}", path.display())
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(format!(
                "the name of the migration `{}` is not UTF-8; rename the file",
                path.display()
            ));
        };
        if !name.ends_with(".sql") || name.starts_with('.') || path.is_dir() {
            continue;
        }
        let sql = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
        if sql.contains('\0') {
            return Err(format!(
                "the migration `{name}` contains a NUL character; remove it"
            ));
        }
        files.push(File {
            name: name.to_owned(),
            hash: hash(&sql),
            sql,
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// The hash of a file, which is the same with the line endings of any system.
fn hash(sql: &str) -> String {
    let digest = Sha256::digest(sql.replace("\r\n", "\n"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the files that have not been applied.
pub(super) fn pending<'a>(files: &'a [File], applied: &[Applied]) -> Result<Vec<&'a File>, String> {
    for row in applied {
        let Some(file) = files.iter().find(|file| file.name == row.name) else {
            return Err(format!(
                "the migration `{}`, which was applied on {}, is missing from the folder; restore the file",
                row.name, row.time
            ));
        };
        if file.hash != row.hash {
            return Err(format!(
                "the migration `{}` has changed since it was applied on {}; restore the file, and put the change into a new one",
                row.name, row.time
            ));
        }
    }
    Ok(files
        .iter()
        .filter(|file| !applied.iter().any(|row| row.name == file.name))
        .collect())
}

/// The error of a migration, with the line of byte `offset` if it is known.
pub(super) fn failure(file: &File, offset: Option<usize>, message: &str) -> String {
    let before = offset.and_then(|offset| file.sql.get(..offset));
    let line = before.map_or_else(String::new, |before| {
        format!(", line {}", before.matches('\n').count() + 1)
    });
    format!(
        "the migration `{}` failed{line}: {message}; nothing of it has been applied",
        file.name
    )
}
