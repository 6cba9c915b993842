//! Tests of the dispatch of operations, and of the kinds that are ready at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::Database;
use spikard_wasm_services::sql::Databases;

use super::*;
use crate::current::Current;
use crate::granted::keyvalue::stores::Stores;
use crate::limits::Limits;
use crate::operations::databases;
use crate::outbound::Capabilities;

struct Fixture {
    capabilities: Capabilities,
    stores: Stores,
    databases: Arc<Databases>,
    defaults: BTreeMap<String, Option<String>>,
    resources: Resources,
}

impl Fixture {
    fn new() -> Self {
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let grants = Grants {
            config: Some([text("greeting", "hello")].into()),
            secrets: [("jwt".to_owned(), Secret::new("hunter2".repeat(8)))].into(),
            sql: [(
                "main".to_owned(),
                Database::new("sqlite::memory:".to_owned(), "".into()),
            )]
            .into(),
            ..Grants::default()
        };
        Self {
            databases: databases::open("app.wasm", &grants, &Limits::default()).unwrap(),
            capabilities: Capabilities {
                grants: Arc::new(grants),
                ..Capabilities::default()
            },
            stores: Stores::default(),
            defaults: BTreeMap::new(),
            resources: Resources::default(),
        }
    }

    async fn run(&mut self, kind: &str, head: &Value, body: Payload) -> OperationResult {
        let services = Services {
            capabilities: &self.capabilities,
            stores: &self.stores,
            databases: &self.databases,
            defaults: Some(&self.defaults),
            component: "app.wasm",
            current: &Current::Nothing,
        };
        let head = head.to_string();
        start(&services, &mut self.resources, kind, &head, body)?.await
    }

    async fn ok(&mut self, kind: &str, head: Value, body: Payload) -> (u16, Payload) {
        let outcome = self.run(kind, &head, body).await.unwrap();
        (outcome.status, outcome.body)
    }
}

#[tokio::test]
async fn settings_and_secrets_are_text() {
    let mut fixture = Fixture::new();
    for (kind, name, value) in [
        ("config.get", "greeting", Some("hello".to_owned())),
        ("config.get", "jwt", None),
        ("secret.get", "jwt", Some("hunter2".repeat(8))),
        ("secret.get", "greeting", None),
    ] {
        let expected = match value {
            Some(value) => (200, Payload::Text(value)),
            None => (404, Payload::Empty),
        };
        let read = fixture
            .ok(kind, json!({ "name": name }), Payload::Empty)
            .await;
        assert_eq!(read, expected, "{kind} {name}");
    }
    fixture.capabilities = Capabilities::default();
    let head = json!({ "name": "x" });
    let denied = fixture.run("config.get", &head, Payload::Empty).await;
    assert_eq!(denied.unwrap_err().code, "denied");
    let declared = [("x", Some("5")), ("y", None)];
    fixture.defaults = declared
        .map(|(name, default)| (name.to_owned(), default.map(str::to_owned)))
        .into();
    for (name, status) in [("x", 200), ("y", 404)] {
        let read = fixture
            .ok("config.get", json!({ "name": name }), Payload::Empty)
            .await;
        assert_eq!(read.0, status, "{name}");
    }
}

#[tokio::test]
async fn cryptography_uses_granted_secrets() {
    let mut fixture = Fixture::new();
    let claims = Payload::Json(r#"{"sub":"7"}"#.to_owned());
    let with = |name: &str| json!({ "algorithm": "HS256", "secret": name });
    let (_, token) = fixture.ok("jwt.sign", with("jwt"), claims.clone()).await;
    let (_, verified) = fixture.ok("jwt.verify", with("jwt"), token.clone()).await;
    assert_eq!(verified, claims);
    let denied = fixture.run("jwt.verify", &with("other"), token).await;
    assert!(denied.is_err(), "{denied:?}");
}

#[tokio::test]
async fn a_transaction_belongs_to_its_task() {
    let mut fixture = Fixture::new();
    let query = |sql: &str| json!({ "database": "main", "sql": sql });
    let make = query("create table t (a integer)");
    fixture.ok("sql.query", make, Payload::Empty).await;
    let begun = fixture
        .run("sql.begin", &json!({ "database": "main" }), Payload::Empty)
        .await
        .unwrap();
    let begun: Value = serde_json::from_str(&begun.head).unwrap();
    let mut insert = query("insert into t values (7)");
    insert["transaction"] = begun["transaction"].clone();
    fixture.ok("sql.query", insert, Payload::Empty).await;
    // The end of the task rolls it back.
    fixture.resources = Resources::default();
    let rows = query("select count(*) as n from t");
    let (_, rows) = fixture.ok("sql.query", rows, Payload::Empty).await;
    assert_eq!(rows, Payload::Json(r#"[{"n":0}]"#.to_owned()));
}

#[tokio::test]
async fn unknown_kinds_are_failures() {
    let mut fixture = Fixture::new();
    let long = "x".repeat(1000);
    for kind in [
        "",
        ".",
        "sleep.",
        "sleep.x",
        "config",
        "config.set",
        "secret",
        "kv",
        "kv.x",
        "fetch.x",
        "fetch.",
        "sql",
        "sql.x",
        "jwt.x",
        "crypto",
        "password.x",
        "sleep\nx",
        &long,
    ] {
        let failed = fixture
            .run(kind, &json!({}), Payload::Empty)
            .await
            .unwrap_err();
        assert_eq!(failed.code, "unknown-kind", "{kind}");
        assert!(failed.message.len() < 200 && !failed.message.contains('\n'));
    }
    for ms in [json!(-1), json!(1e300), json!("1"), Value::Null] {
        let failed = fixture
            .run("sleep", &json!({ "ms": ms }), Payload::Empty)
            .await;
        assert_eq!(failed.unwrap_err().code, "invalid", "{ms}");
    }
}
