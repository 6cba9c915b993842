//! Tests of SQLite databases, through sessions.

mod errors;
mod faults;
mod migrations;
mod processes;
mod statements;
mod transactions;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::sql::databases::Database;
use crate::sql::{Databases, Location, Session, SqlLimits};
use crate::{Failed, Outcome, Payload};

use super::database::Sqlite;

/// A database in a folder that is deleted with it.
pub(super) struct Fixture {
    pub(super) databases: Arc<Databases>,
    _folder: Option<tempfile::TempDir>,
}

pub(super) fn file() -> Fixture {
    file_with(SqlLimits::default())
}

pub(super) fn file_with(limits: SqlLimits) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::parse(&format!(
        "sqlite:{}",
        folder.path().join("test.db").display()
    ))
    .unwrap();
    Fixture {
        databases: open(location, limits),
        _folder: Some(folder),
    }
}

pub(super) fn memory() -> Fixture {
    Fixture {
        databases: open(
            Location::parse("sqlite::memory:").unwrap(),
            SqlLimits::default(),
        ),
        _folder: None,
    }
}

fn open(location: Location, limits: SqlLimits) -> Arc<Databases> {
    Arc::new(Databases::open(&BTreeMap::from([("main".to_owned(), location)]), limits).unwrap())
}

impl Fixture {
    pub(super) fn session(&self) -> Session {
        Session::new(&self.databases)
    }

    pub(super) fn sqlite(&self) -> Arc<Sqlite> {
        match self.databases.get("main").unwrap() {
            Database::Sqlite(sqlite) => sqlite.clone(),
            Database::Postgres(_) => panic!("a SQLite database"),
        }
    }
}

pub(super) async fn run(
    session: &Session,
    kind: &str,
    head: Value,
    params: Value,
) -> Result<Outcome, Failed> {
    session
        .run(kind, &head.to_string(), Payload::Json(params.to_string()))
        .unwrap()
        .await
}

pub(super) async fn query(session: &Session, sql: &str, params: Value) -> Result<Outcome, Failed> {
    run(
        session,
        "sql.query",
        json!({"database": "main", "sql": sql}),
        params,
    )
    .await
}

/// Runs a statement, which has to succeed, and returns its rows.
pub(super) async fn rows(session: &Session, sql: &str, params: Value) -> Value {
    let outcome = query(session, sql, params)
        .await
        .unwrap_or_else(|failed| panic!("{sql}: {failed}"));
    serde_json::from_slice(outcome.body.as_bytes()).unwrap()
}

pub(super) async fn begin(session: &Session, read_only: bool) -> u32 {
    let head = json!({"database": "main", "read_only": read_only});
    let outcome = run(session, "sql.begin", head, Value::Null).await.unwrap();
    let head: Value = serde_json::from_str(&outcome.head).unwrap();
    u32::try_from(head["transaction"].as_u64().unwrap()).unwrap()
}

pub(super) async fn within(
    session: &Session,
    transaction: u32,
    sql: &str,
    params: Value,
) -> Result<Value, Failed> {
    let head = json!({"transaction": transaction, "sql": sql});
    let outcome = run(session, "sql.query", head, params).await?;
    Ok(serde_json::from_slice(outcome.body.as_bytes()).unwrap())
}

pub(super) async fn end(session: &Session, kind: &str, transaction: u32) -> Result<(), Failed> {
    let outcome = session
        .run(
            kind,
            &json!({"transaction": transaction}).to_string(),
            Payload::Empty,
        )
        .unwrap()
        .await?;
    assert_eq!(outcome, Outcome::new(String::new(), Payload::Empty));
    Ok(())
}

pub(super) fn head(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.head).unwrap()
}
