//! Tests of the kinds `kv.*`, on a store in a file.

use std::time::Duration;

use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::Store;

use super::*;
use crate::current::Current;
use crate::granted::keyvalue::stores::Stores;
use crate::limits::Limits;
use crate::outbound::Capabilities;

struct Fixture {
    stores: Stores,
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::File(folder.path().join("kv.redb"));
        let grants = Grants {
            keyvalue: [("default".to_owned(), store)].into(),
            ..Grants::default()
        };
        let limits = Limits {
            keyvalue_value: 100,
            ..Limits::default()
        };
        Self {
            stores: Stores::open("app.wasm", &grants, &limits).unwrap(),
            _folder: folder,
        }
    }

    async fn run(&self, kind: &str, head: &str, body: &str) -> OperationResult {
        let capabilities = Capabilities::default();
        let databases = crate::operations::databases::open(
            "",
            &Grants::default(),
            &crate::limits::Limits::default(),
        )
        .unwrap();
        let services = Services {
            capabilities: &capabilities,
            stores: &self.stores,
            databases: &databases,
            defaults: None,
            component: "app.wasm",
            current: &Current::Nothing,
        };
        let body = Payload::Bytes(body.as_bytes().to_vec());
        start(&services, kind, head, body)?.await
    }

    async fn ok(&self, kind: &str, head: &str, body: &str) -> (u16, String, String) {
        let outcome = self.run(kind, head, body).await.unwrap();
        let body = String::from_utf8(outcome.body.as_bytes().to_vec()).unwrap();
        (outcome.status, outcome.head, body)
    }

    async fn code(&self, kind: &str, head: &str, body: &str) -> String {
        let failed = self.run(kind, head, body).await.unwrap_err();
        failed.code.into_owned()
    }
}

fn status(status: u16) -> (u16, String, String) {
    (status, String::new(), String::new())
}

#[tokio::test]
async fn values_are_set_and_read() {
    let fixture = Fixture::new();
    let a = r#"{"store":"default","key":"a"}"#;
    assert_eq!(fixture.ok("kv.get", a, "").await, status(404));
    assert_eq!(fixture.ok("kv.exists", a, "").await, status(404));
    assert_eq!(fixture.ok("kv.set", a, "1").await, status(200));
    assert_eq!(
        fixture.ok("kv.get", r#"{"key":"a"}"#, "").await,
        (200, String::new(), "1".to_owned())
    );
    assert_eq!(fixture.ok("kv.exists", a, "").await, status(200));
    let by = r#"{"store":"default","key":"a","by":-3}"#;
    let sum = fixture.ok("kv.increment", by, "").await;
    assert_eq!(sum, (200, r#"{"value":-2}"#.to_owned(), String::new()));
    let sum = fixture.ok("kv.increment", a, "").await;
    assert_eq!(sum.1, r#"{"value":-1}"#);
    assert_eq!(fixture.ok("kv.delete", a, "").await, status(200));
    assert_eq!(fixture.ok("kv.exists", a, "").await, status(404));
}

#[tokio::test]
async fn a_swap_compares() {
    let fixture = Fixture::new();
    let absent = r#"{"key":"a","expected":null}"#;
    let empty = r#"{"key":"a","expected":""}"#;
    let one = r#"{"key":"a","expected":"MQ=="}"#;
    for (head, value, expected) in [
        (empty, "0", 409),
        (absent, "1", 200),
        (absent, "2", 409),
        (one, "2", 200),
        (one, "3", 409),
    ] {
        let swapped = fixture.ok("kv.swap", head, value).await;
        assert_eq!(swapped, status(expected), "{head}");
    }
    assert_eq!(fixture.ok("kv.get", r#"{"key":"a"}"#, "").await.2, "2");
}

#[tokio::test]
async fn lists_have_text_cursors() {
    let fixture = Fixture::new();
    let keys: Vec<String> = (0..1001).map(|at| format!("{at:04}")).collect();
    let store = fixture.stores.find("").unwrap();
    for part in keys.chunks(1000) {
        let pairs = part.iter().map(|key| (key.clone(), Vec::new()));
        store.set(pairs.collect()).await.unwrap();
    }
    let head = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
    let first = head(fixture.ok("kv.list", "", "").await.1);
    assert_eq!(first["keys"].as_array().unwrap().len(), 1000);
    let next = json!({ "store": "default", "cursor": first["cursor"] }).to_string();
    let second = head(fixture.ok("kv.list", &next, "").await.1);
    assert_eq!(second, json!({ "keys": ["1000"] }));
}

#[tokio::test]
async fn keys_expire() {
    let fixture = Fixture::new();
    let set = r#"{"key":"a","ttl_ms":40}"#;
    assert_eq!(fixture.ok("kv.set", set, "5").await, status(200));
    let a = r#"{"key":"a"}"#;
    assert_eq!(fixture.ok("kv.get", a, "").await.2, "5");
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(fixture.ok("kv.get", a, "").await, status(404));
    assert_eq!(fixture.ok("kv.list", "", "").await.1, r#"{"keys":[]}"#);
}

#[tokio::test]
async fn errors_have_codes() {
    let fixture = Fixture::new();
    let denied = fixture
        .run("kv.get", r#"{"store":"other","key":"a"}"#, "")
        .await
        .unwrap_err();
    assert_eq!(denied.code, "denied");
    assert_eq!(
        denied.message,
        "the store `other` is not granted; add `keyvalue = { other = \"kv.redb\" }` to `[grants]` in spikard.toml"
    );
    let long = "x".repeat(101);
    let key = format!(r#"{{"key":"{}"}}"#, "k".repeat(1025));
    for (kind, head, body, code) in [
        ("kv.set", r#"{"key":"a"}"#, long.as_str(), "too-large"),
        (
            "kv.swap",
            r#"{"key":"a","expected":null}"#,
            &long,
            "too-large",
        ),
        ("kv.get", r#"{"key":""}"#, "", "invalid"),
        ("kv.get", &key, "", "invalid"),
        ("kv.set", &key, "", "invalid"),
        ("kv.get", "", "", "invalid"),
        ("kv.get", r#"{"key":"a","ttl_ms":1}"#, "", "invalid"),
        ("kv.set", r#"{"key":"a","ttl_ms":0}"#, "", "invalid"),
        ("kv.set", r#"{"key":"a","ttl_ms":1.5}"#, "", "invalid"),
        ("kv.set", r#"{"key":"a","ttl_ms":9e18}"#, "", "invalid"),
        ("kv.swap", r#"{"key":"a"}"#, "", "invalid"),
        ("kv.swap", r#"{"key":"a","expected":"?"}"#, "", "invalid"),
        ("kv.increment", r#"{"key":"a","by":1e30}"#, "", "invalid"),
        ("kv.drop", r#"{"key":"a"}"#, "", "unknown-kind"),
    ] {
        assert_eq!(fixture.code(kind, head, body).await, code, "{kind} {head}");
    }
    fixture.ok("kv.set", r#"{"key":"t"}"#, "text").await;
    let added = fixture.code("kv.increment", r#"{"key":"t"}"#, "").await;
    assert_eq!(added, "invalid");
}
