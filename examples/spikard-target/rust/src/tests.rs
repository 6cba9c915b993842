//! Tests of each workload, raw and validated, in process.

use serde_json::{Value, json};
use spikard_wasm_sdk::testing::{TestClient, TestReply};

use crate::app;

const PREFIXES: [&str; 2] = ["", "/validated"];

#[track_caller]
fn answers(reply: &TestReply, expected: &Value) {
    assert_eq!(
        (reply.status(), reply.header("content-type")),
        (200, Some("application/json")),
        "{reply:?}"
    );
    assert_eq!(&reply.json::<Value>(), expected);
}

#[test]
fn health() {
    let client = TestClient::new(app());
    answers(&client.get("/").send(), &json!({"status": "ok"}));
    answers(&client.get("/health").send(), &json!({"status": "ok"}));
    assert_eq!(client.description().routes.len(), 38);
}

#[test]
fn json_comes_back() {
    let client = TestClient::new(app());
    let bodies = [
        (
            "small",
            json!({"name": "Foo", "description": "An item", "price": 35.4, "tax": 3}),
        ),
        (
            "medium",
            json!({"name": "Foo", "price": 42.0, "image": {"url": "https://a.b/c", "name": "d"}}),
        ),
        (
            "large",
            json!({"name": "P", "price": 100.0, "seller": {"name": "J", "address": {
            "street": "1 Main St", "city": "S", "country": {"name": "USA", "code": "US"}}}}),
        ),
        (
            "very-large",
            json!({"name": "B", "tags": ["x"], "images": [{"url": "u", "name": "n"}]}),
        ),
    ];
    for prefix in PREFIXES {
        for (size, body) in &bodies {
            answers(
                &client
                    .post(&format!("{prefix}/json/{size}"))
                    .json(body)
                    .send(),
                body,
            );
        }
    }
}

#[test]
fn parameters_come_back_typed() {
    let client = TestClient::new(app());
    let uuid = "550e8400-e29b-41d4-a716-446655440000";
    let cases = [
        ("/path/simple/a-1".to_owned(), json!({"id": "a-1"})),
        (
            "/path/multiple/u/p".to_owned(),
            json!({"user_id": "u", "post_id": "p"}),
        ),
        (
            "/path/deep/a/b/c/d/e".to_owned(),
            json!({"org": "a", "team": "b", "project": "c", "resource": "d", "id": "e"}),
        ),
        ("/path/int/-42".to_owned(), json!({"id": -42})),
        (format!("/path/uuid/{uuid}"), json!({"uuid": uuid})),
        (
            "/path/date/2024-01-15".to_owned(),
            json!({"date": "2024-01-15"}),
        ),
        (
            "/query/few?q=search&page=1".to_owned(),
            json!({"q": "search", "page": 1}),
        ),
        (
            "/query/medium?search=a&limit=20&filter=c".to_owned(),
            json!({"search": "a", "limit": 20, "filter": "c"}),
        ),
        (
            "/query/many?q=a&max_price=9.5&rating=4&in_stock=true&on_sale=false".to_owned(),
            json!({"q": "a", "max_price": 9.5, "rating": 4, "in_stock": true, "on_sale": false}),
        ),
    ];
    for prefix in PREFIXES {
        for (target, expected) in &cases {
            answers(&client.get(&format!("{prefix}{target}")).send(), expected);
        }
        assert_eq!(
            client.get(&format!("{prefix}/path/int/x")).send().status(),
            422
        );
    }
    answers(&client.get("/query/few").send(), &json!({}));
    assert_eq!(client.get("/validated/query/few").send().status(), 422);
}

#[test]
fn forms_come_back_as_declared() {
    let client = TestClient::new(app());
    let simple = [
        ("name", "John Doe"),
        ("email", "john@example.com"),
        ("age", "30"),
        ("subscribe", "true"),
    ];
    answers(
        &client.post("/urlencoded/simple").form(&simple).send(),
        &json!({"name": "John Doe", "email": "john@example.com", "age": "30", "subscribe": "true"}),
    );
    answers(
        &client
            .post("/validated/urlencoded/simple")
            .form(&simple)
            .send(),
        &json!({"name": "John Doe", "email": "john@example.com", "age": 30, "subscribe": true}),
    );
    assert_eq!(
        client
            .post("/validated/urlencoded/complex")
            .form(&simple)
            .send()
            .status(),
        422
    );
}

#[test]
fn files_are_counted() {
    let client = TestClient::new(app());
    for prefix in PREFIXES {
        let request = client.post(&format!("{prefix}/multipart/medium"));
        let request = request.file("file", "a", "text/plain", "x".repeat(4)).file(
            "file",
            "b",
            "text/plain",
            "xx",
        );
        answers(
            &request.send(),
            &json!({"files_received": 2, "total_bytes": 6}),
        );
    }
    let none = |path: &str| client.post(path).part("note", "no file").send();
    answers(
        &none("/multipart/small"),
        &json!({"files_received": 0, "total_bytes": 0}),
    );
    let refused = none("/validated/multipart/small");
    assert_eq!(
        (refused.status(), refused.json::<Value>()["detail"].as_str()),
        (400, Some("the form has no file"))
    );
}

#[test]
fn validated_paths_declare_what_the_harness_does() {
    let client = TestClient::new(app());
    let schema = |path: &str| {
        let route = client
            .description()
            .routes
            .iter()
            .find(|route| route.path == path)
            .expect("the route");
        let parameters: Value = serde_json::from_str(&route.parameters).expect("json");
        parameters[0]["schema"].clone()
    };
    let name =
        json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9_-]+$"});
    let mut declared = schema("/validated/path/simple/{id}");
    declared
        .as_object_mut()
        .expect("an object")
        .remove("description");
    assert_eq!(declared, name);
    assert_eq!(schema("/validated/path/uuid/{uuid}")["format"], "uuid");
    assert_eq!(schema("/validated/path/date/{date}")["format"], "date");
    assert_eq!(schema("/path/simple/{id}"), json!({"type": "string"}));
}

#[test]
fn a_client_answers_as_the_host() {
    crate::cases::run("target", app);
}
