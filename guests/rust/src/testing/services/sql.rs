//! SQLite databases in temporary files: one in memory cannot be read during a transaction.

mod error;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, Statement};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::input::{bytes, read};
use super::outcome::{Fault, Outcome};
use crate::Content;

/// The databases of a test client, by name.
#[derive(Default)]
pub(crate) struct Databases {
    databases: BTreeMap<String, Database>,
    transactions: BTreeMap<u64, Transaction>,
    next: u64,
}

struct Database {
    /// Runs statements outside of transactions.
    connection: Connection,
    path: PathBuf,
}

impl Drop for Database {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(suffix);
            // A file that stays is in the directory for temporary files.
            let _ = std::fs::remove_file(path);
        }
    }
}

struct Transaction {
    task: u32,
    database: String,
    connection: Connection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryHead {
    database: String,
    sql: String,
    transaction: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeginHead {
    database: String,
    #[serde(default)]
    read_only: bool,
    #[expect(dead_code, reason = "transactions of SQLite are serializable")]
    isolation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndHead {
    transaction: u64,
}

impl Databases {
    /// Creates a database with a schema.
    pub(crate) fn add(&mut self, name: &str, schema: &str) -> rusqlite::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let file = format!("spikard-test-{}-{number}.sqlite", std::process::id());
        let path = std::env::temp_dir().join(file);
        let connection = open(&path)?;
        let database = Database { connection, path };
        database.connection.execute_batch(schema)?;
        self.databases.insert(name.to_owned(), database);
        Ok(())
    }

    pub(super) fn perform(
        &mut self,
        task: u32,
        operation: &str,
        head: &str,
        body: &Content,
    ) -> Result<Outcome, Fault> {
        match operation {
            "query" => {
                let head: QueryHead = read(head)?;
                let params = match bytes(body) {
                    [] => Vec::new(),
                    json => serde_json::from_slice(json)?,
                };
                query(self.connection(&head)?, &head.sql, &params)
            }
            "begin" => {
                let head: BeginHead = read(head)?;
                let connection = open(&self.database(&head.database)?.path)?;
                connection.execute_batch(if head.read_only {
                    "pragma query_only = on; begin"
                } else {
                    "begin immediate"
                })?;
                self.next += 1;
                let transaction = Transaction {
                    task,
                    database: head.database,
                    connection,
                };
                self.transactions.insert(self.next, transaction);
                Ok(Outcome::new(200).head(&json!({"transaction": self.next})))
            }
            "commit" | "rollback" => {
                let EndHead { transaction } = read(head)?;
                let found = self.transactions.remove(&transaction);
                let found = found.ok_or_else(|| unknown(transaction))?;
                found.connection.execute_batch(operation)?;
                Ok(Outcome::new(200))
            }
            _ => Err(Fault::new(
                "unknown-kind",
                format!("there is no operation `sql.{operation}`"),
            )),
        }
    }

    /// Rolls back the transactions of a task.
    pub(crate) fn end(&mut self, task: u32) {
        self.transactions
            .retain(|_, transaction| transaction.task != task);
    }

    fn database(&self, name: &str) -> Result<&Database, Fault> {
        self.databases.get(name).ok_or_else(|| {
            Fault::new(
                "denied",
                format!(
                    "the database `{name}` is not granted; add it with `TestClient::with_database`"
                ),
            )
        })
    }

    fn connection(&self, head: &QueryHead) -> Result<&Connection, Fault> {
        let Some(number) = head.transaction else {
            return Ok(&self.database(&head.database)?.connection);
        };
        let found = self.transactions.get(&number);
        let found = found.filter(|transaction| transaction.database == head.database);
        Ok(&found.ok_or_else(|| unknown(number))?.connection)
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = off; pragma foreign_keys = on",
    )?;
    Ok(connection)
}

fn unknown(transaction: u64) -> Fault {
    Fault::new(
        "invalid",
        format!("there is no transaction `{transaction}`"),
    )
}

fn query(connection: &Connection, sql: &str, params: &[Value]) -> Result<Outcome, Fault> {
    let mut statement = connection.prepare(sql)?;
    bind(&mut statement, params)?;
    let names: Vec<_> = statement.column_names().map(str::to_owned).collect();
    if let Some(name) = names
        .iter()
        .enumerate()
        .find_map(|(index, name)| names[..index].contains(name).then_some(name))
    {
        return Err(Fault::new(
            "invalid",
            format!("the result has two columns `{name}`; rename one with `as`"),
        ));
    }
    let is_read = statement.readonly();
    let mut types = Map::new();
    let mut texts = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut columns = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let (value, ty) = value::read(row.get_ref(index)?);
            if let Some(ty) = ty {
                types.insert(name.clone(), json!(ty));
            }
            columns.push(format!("{}:{value}", json!(name)));
        }
        texts.push(format!("{{{}}}", columns.join(",")));
    }
    drop(rows);
    let mut head = if is_read {
        json!({"changes": 0})
    } else {
        json!({"changes": connection.changes(), "last_id": connection.last_insert_rowid()})
    };
    if !types.is_empty() {
        head["types"] = Value::Object(types);
    }
    let body = Content::Json(format!("[{}]", texts.join(",")));
    Ok(Outcome::new(200).head(&head).body(body))
}

/// Binds parameters to placeholders: `$2` is the second one wherever it stands, `?` counts.
fn bind(statement: &mut Statement<'_>, params: &[Value]) -> Result<(), Fault> {
    let mut used = 0;
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index);
        let number = name.and_then(|name| name.get(1..)?.parse().ok());
        let number: usize = number.unwrap_or(index);
        used = used.max(number);
        let Some(param) = number.checked_sub(1).and_then(|number| params.get(number)) else {
            return Err(Fault::new(
                "invalid",
                format!(
                    "the statement has a placeholder {number}, but there are {} parameters",
                    params.len()
                ),
            ));
        };
        statement.raw_bind_parameter(index, value::write(param)?)?;
    }
    if used < params.len() {
        return Err(Fault::new(
            "invalid",
            format!(
                "there are {} parameters, but the statement uses {used}",
                params.len()
            ),
        ));
    }
    Ok(())
}
