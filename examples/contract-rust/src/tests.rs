//! Tests of the app in process. The tests of the host cover its policies.

use serde_json::{Value, json};
use spikard_wasm_sdk::TrailingSlash;
use spikard_wasm_sdk::testing::TestClient;

use super::*;

#[test]
fn items_are_read_and_made() {
    let client = TestClient::new(app());
    let reply = client.get("/items/7").header("x-trace", "t").send();
    assert_eq!(
        reply.json::<Value>(),
        json!({"id": 7, "name": "item 7", "price": 1.5, "tags": ["demo"]})
    );
    assert_eq!(reply.header("x-trace"), Some("t"));
    assert_eq!(reply.header("x-app"), Some("contract"));
    assert!(
        reply
            .header("server-timing")
            .is_some_and(|timing| timing.starts_with("app;dur="))
    );
    let some = client.get("/items/7?fields=price&fields=tags").send();
    assert_eq!(
        some.json::<Value>(),
        json!({"id": 7, "price": 1.5, "tags": ["demo"]})
    );
    assert_eq!(client.get("/items/x").send().status(), 422);

    let item = json!({"name": "pen", "price": 2.5});
    for id in [1, 2] {
        let made = client.post("/items").json(&item).send();
        assert_eq!(
            (made.status(), made.json::<Value>()),
            (
                201,
                json!({"id": id, "name": "pen", "price": 2.5, "tags": []})
            )
        );
    }
}

#[test]
fn forms_and_files_come_typed() {
    let client = TestClient::new(app());
    let fields = [("name", "Ann"), ("age", "30"), ("tags", "a"), ("tags", "b")];
    let echo = client.post("/forms").form(&fields).send();
    assert_eq!(
        echo.json::<Value>(),
        json!({"name": "Ann", "age": 30, "tags": ["a", "b"]})
    );
    let file = client
        .post("/files")
        .file("file", "a.txt", "text/plain", "hello")
        .part("note", "hi")
        .send();
    assert_eq!(
        file.json::<Value>(),
        json!({"filename": "a.txt", "size": 5, "content_type": "text/plain", "note": "hi"})
    );
}

#[test]
fn hooks_reply_and_hide() {
    let client = TestClient::new(app());
    let teapot = client.get("/teapot").send();
    assert_eq!(
        (teapot.status(), teapot.text()),
        (418, r#"{"teapot":true}"#)
    );
    let failed = client.get("/fails").send();
    assert_eq!(
        (failed.status(), failed.json::<Value>()),
        (500, json!({"error": "internal", "request": "test"}))
    );
    assert_eq!(failed.header("x-app"), Some("contract"));
    assert_eq!(failed.failure(), Some(("the database is away", "")));
    let refused = client.get("/items/x").send();
    assert_eq!(
        refused.header("content-type"),
        Some("application/problem+json")
    );
}

#[test]
fn contexts_count_and_name() {
    let client = TestClient::new(app());
    for visits in 1..=3 {
        assert_eq!(
            client.get("/visits").send().json::<Value>(),
            json!({ "visits": visits })
        );
    }
    let private = client.get("/private").local("spikard.api-key", "demo");
    assert_eq!(private.send().text(), r#"{"key":"demo"}"#);
    assert!(client.get("/large").send().text().len() > 10 << 10);
}

/// The cases call `/calls` twice and `/calls/fresh` once, before anything else does.
#[test]
fn a_client_answers_as_the_host() {
    cases::run("contract", app);
    // The test client has a single process; only the host creates instances.
    let client = TestClient::new(app());
    for (path, calls) in [("/calls", 4), ("/calls/fresh", 5)] {
        assert_eq!(
            client.get(path).send().json::<Value>(),
            json!({ "calls": calls })
        );
    }
}

#[test]
fn a_client_redirects_as_the_host() {
    cases::run("slashes", || {
        App::new("slashes")
            .trailing_slash(TrailingSlash::Redirect)
            .route(Route::get("/a", || "fine"))
            .route(Route::post("/items/{id}", || "fine"))
            .route(Route::get("/folder/", || "fine"))
    });
}
