//! The app of `examples/contract-*` in every language: the host enforces its declarations, and its
//! hooks and contexts work.

use serde_json::json;
use spikard_wasm_testing::{Server, multipart};

use crate::support::{Lane, host, on_every_lane};

on_every_lane!(
    parameters,
    bodies,
    files,
    hooks_and_contexts,
    policies,
    instances,
    documents,
);

const KEY: &str = "correct horse";

fn serve(lane: Lane) -> Server {
    serve_with(lane, &[])
}

fn serve_with(lane: Lane, args: &[&str]) -> Server {
    host()
        .serve(Some(&lane.guest("contract")))
        .args(["--secret", "demo-key=env:DEMO_KEY"])
        .args(args)
        .env("DEMO_KEY", KEY)
        .start()
}

fn parameters(lane: Lane) {
    let server = serve(lane);
    let client = server.client();
    assert_eq!(client.get("/health").json(), json!({"status": "ok"}));
    assert_eq!(client.get("/items/7").json()["id"], 7);
    let some = client.get("/items/7?fields=name&fields=tags");
    assert_eq!(some.status, 200, "{}", some.text());
    let wrong = client.get("/items/0?fields=size").problem(422);
    let errors = wrong["errors"].as_array().expect("errors");
    let kinds: Vec<_> = errors
        .iter()
        .map(|error| (error["type"].as_str(), &error["loc"]))
        .collect();
    assert_eq!(
        kinds,
        [
            (Some("greater_than_equal"), &json!(["path", "id"])),
            (Some("enum"), &json!(["query", "fields", 0])),
        ]
    );
    server.stop();
}

fn bodies(lane: Lane) {
    let server = serve(lane);
    let client = server.client();
    let made = client.post_json("/items", &json!({"name": "cup", "price": 2.5}));
    assert_eq!(made.status, 201, "{}", made.text());
    let item = made.json();
    assert!(item["id"].is_number(), "{item}");
    assert_eq!((&item["name"], &item["tags"]), (&json!("cup"), &json!([])));
    let wrong = client.post_json("/items", &json!({"name": "", "price": -1, "tags": "x"}));
    assert_eq!(
        wrong.problem(422)["errors"].as_array().map(Vec::len),
        Some(3)
    );
    let form = client.post(
        "/forms",
        "application/x-www-form-urlencoded",
        b"name=Ann+Lee&age=30&tags[]=a&tags[]=b",
    );
    assert_eq!(
        form.json(),
        json!({"name": "Ann Lee", "age": 30, "tags": ["a", "b"]})
    );
    let _ = client.post("/items", "text/plain", b"x").problem(415);
    let _ = client.post("/items", "application/json", b"{").problem(400);
    server.stop();
}

fn files(lane: Lane) {
    let server = serve(lane);
    let (kind, body) = multipart(&[("file", "a.bin", b"12345")]);
    let response = server.client().post("/files", &kind, &body);
    assert_eq!(response.status, 200, "{}", response.text());
    let file = response.json();
    assert_eq!(
        (&file["filename"], &file["size"]),
        (&json!("a.bin"), &json!(5))
    );
    assert_eq!(file["content_type"], "application/octet-stream");
    let (kind, body) = multipart(&[("other", "a.bin", b"12345")]);
    let missing = server.client().post("/files", &kind, &body).problem(422);
    assert_eq!(missing["errors"][0]["type"], "missing", "{missing}");
    server.stop();
}

fn hooks_and_contexts(lane: Lane) {
    let server = serve(lane);
    let client = server.client();
    assert_eq!(client.get("/health").header("x-app"), "contract");
    let teapot = client.get("/teapot");
    assert_eq!(
        (teapot.status, teapot.json()),
        (418, json!({"teapot": true}))
    );
    assert_eq!(teapot.header("x-app"), "contract");
    // The instances of all workers share the count.
    let visits = || client.get("/visits").json()["visits"].as_u64();
    let first = visits().expect("a number");
    assert_eq!(visits(), Some(first + 1));
    let failed = client.send("GET", "/fails", &[("x-request-id", "abc-1")], b"");
    assert_eq!(failed.status, 500);
    assert_eq!(
        failed.json(),
        json!({"error": "internal", "request": "abc-1"})
    );
    let log = server.logged("the handler failed");
    assert!(log.contains("request=abc-1"), "{log}");
    server.stop();
}

fn policies(lane: Lane) {
    let server = serve(lane);
    let client = server.client();
    let open = client.get("/health");
    assert_eq!(open.header("x-request-id").len(), 36);
    assert_eq!(open.header("x-content-type-options"), "nosniff");
    let _ = client.get("/private").problem(401);
    let _ = client
        .send("GET", "/private", &[("x-api-key", "wrong")], b"")
        .problem(401);
    let private = client.send("GET", "/private", &[("x-api-key", KEY)], b"");
    assert_eq!(private.json(), json!({"key": "demo"}));
    assert_eq!(client.get("/limited").json(), json!({"ok": true}));
    let _ = client.get("/limited");
    let limited = client.get("/limited");
    let _ = limited.problem(429);
    assert!(!limited.header("retry-after").is_empty());
    let origin = ("origin", "https://app.example");
    let cors = client.send("GET", "/health", &[origin], b"");
    assert_eq!(cors.header("access-control-allow-origin"), origin.1);
    assert_eq!(cors.header("access-control-allow-credentials"), "true");
    let preflight = [origin, ("access-control-request-method", "POST")];
    let preflight = client.send("OPTIONS", "/items", &preflight, b"");
    assert!(preflight.status < 300, "{}", preflight.status);
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("POST")
    );
    let large = client.send("GET", "/large", &[("accept-encoding", "gzip")], b"");
    assert_eq!(large.header("content-encoding"), "gzip");
    server.stop();
}

fn instances(lane: Lane) {
    // Room for the reused instance, a fresh one and the next fresh one: a pool that is full drops
    // an idle instance to make a fresh one.
    let server = serve_with(lane, &["--workers", "1", "--max-instances", "3"]);
    let client = server.client();
    let paths = ["/calls", "/calls", "/calls/fresh", "/calls/fresh", "/calls"];
    let counts = paths.map(|path| client.get(path).json()["calls"].as_u64());
    // The reused instance does not see the counts of fresh instances.
    assert_eq!(counts, [1, 2, 1, 1, 3].map(Some));
    server.stop();
}

fn documents(lane: Lane) {
    let server = serve(lane);
    let document = server.client().get("/openapi.json").json();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|v| v.starts_with("3.1"))
    );
    let item = &document["paths"]["/items"]["post"];
    assert!(item["requestBody"]["content"]["application/json"]["schema"].is_object());
    assert!(item["responses"]["201"]["content"]["application/json"]["schema"].is_object());
    assert!(item["responses"]["422"].is_object(), "{item}");
    assert!(document["paths"]["/private"]["get"]["security"].is_array());
    server.stop();
}
