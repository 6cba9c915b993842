//! The operations `sql.*` on a real PostgreSQL server, which the tests start in a temporary folder.

mod errors;
mod faults;
mod log;
mod migrations;
mod server;
mod transactions;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use spikard_wasm_services::sql::{Databases, Location, Session, SqlLimits};
use spikard_wasm_services::{Failed, Outcome, Payload};

use server::Server;

/// A database of its own on a server that tests share.
struct Fixture {
    databases: Arc<Databases>,
    server: Arc<Server>,
    name: String,
}

async fn fixture() -> Fixture {
    fixture_with(SqlLimits::default()).await
}

async fn fixture_with(limits: SqlLimits) -> Fixture {
    on(Server::shared(), limits).await
}

async fn on(server: Arc<Server>, limits: SqlLimits) -> Fixture {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let admin = Session::new(&open(&server.url("postgres"), SqlLimits::default()));
    query(&admin, &format!("create database {name}"), json!([]))
        .await
        .expect("a database");
    Fixture {
        databases: open(&server.url(&name), limits),
        server,
        name,
    }
}

fn open(url: &str, limits: SqlLimits) -> Arc<Databases> {
    let locations =
        BTreeMap::from([("main".to_owned(), Location::parse(url).expect("a location"))]);
    Arc::new(Databases::open(&locations, limits).expect("databases"))
}

impl Fixture {
    fn session(&self) -> Session {
        Session::new(&self.databases)
    }
}

async fn run(session: &Session, kind: &str, head: Value, params: Value) -> Result<Outcome, Failed> {
    let result = session
        .run(kind, &head.to_string(), Payload::Json(params.to_string()))
        .expect("an operation")
        .await;
    result.inspect_err(assert_discreet)
}

/// No failure names the password or the address of the server.
fn assert_discreet(failed: &Failed) {
    let head = failed.head();
    for secret in [server::PASSWORD, "127.0.0.1", "localhost"] {
        assert!(!head.contains(secret), "{head}");
    }
}

async fn query(session: &Session, sql: &str, params: Value) -> Result<Outcome, Failed> {
    run(
        session,
        "sql.query",
        json!({"database": "main", "sql": sql}),
        params,
    )
    .await
}

/// Runs a statement, which has to succeed, and returns its rows.
async fn rows(session: &Session, sql: &str, params: Value) -> Value {
    let outcome = query(session, sql, params)
        .await
        .unwrap_or_else(|failed| panic!("{sql}: {failed}"));
    body(&outcome)
}

fn body(outcome: &Outcome) -> Value {
    serde_json::from_slice(outcome.body.as_bytes()).expect("JSON")
}

fn head(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.head).expect("JSON")
}

async fn begin(session: &Session, options: Value) -> u32 {
    let mut head = json!({"database": "main"});
    let options = options.as_object().expect("an object").clone();
    head.as_object_mut().expect("an object").extend(options);
    let outcome = run(session, "sql.begin", head, Value::Null)
        .await
        .expect("a transaction");
    let number = self::head(&outcome)["transaction"].as_u64();
    number
        .and_then(|number| u32::try_from(number).ok())
        .expect("a number")
}

async fn within(
    session: &Session,
    transaction: u32,
    sql: &str,
    params: Value,
) -> Result<Value, Failed> {
    let head = json!({"transaction": transaction, "sql": sql});
    Ok(body(&run(session, "sql.query", head, params).await?))
}

async fn end(session: &Session, kind: &str, transaction: u32) -> Result<(), Failed> {
    session
        .run(
            kind,
            &json!({"transaction": transaction}).to_string(),
            Payload::Empty,
        )
        .expect("an operation")
        .await
        .inspect_err(assert_discreet)
        .map(drop)
}

/// Waits until a query returns these rows.
async fn eventually(session: &Session, sql: &str, expected: Value) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let found = rows(session, sql, json!([])).await;
        if found == expected {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{sql}: {found}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
