//! The log: one line per request, as text or JSON.

use serde_json::{Value, json};
use spikard_wasm_testing::define;

use crate::support::{Lane, host};

#[test]
fn json_lines_describe_requests_without_queries() {
    let server = Lane::Rust.serve("faulty", &["--log-format", "json"]);
    let client = server.client();
    let asked = [
        ("GET", "/only/get", 200),
        ("POST", "/only/get", 200),
        ("GET", "/throw", 500),
        ("GET", "/nothing", 404),
        ("PUT", "/only/get", 405),
    ];
    for (method, path, status) in asked {
        let answer = client.send(method, &format!("{path}?secret=1"), &[], b"");
        assert_eq!(answer.status, status);
    }
    let log = server.stop().log;
    assert!(!log.contains("secret=1"), "the log contains a query: {log}");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect();
    let requests: Vec<&Value> = lines
        .iter()
        .filter(|line| line["target"] == "access")
        .collect();
    assert_eq!(requests.len(), asked.len(), "{log}");
    for (line, (method, path, status)) in requests.into_iter().zip(asked) {
        assert_eq!(
            (&line["method"], &line["path"]),
            (&json!(method), &json!(path))
        );
        assert_eq!(
            (&line["status"], &line["level"]),
            (&json!(status), &json!("INFO"))
        );
        assert!(
            line["ms"].is_number() && line["bytes"].is_number(),
            "{line}"
        );
        assert!(
            line["request"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
    }
    let errors: Vec<&Value> = lines
        .iter()
        .filter(|line| line["level"] == "ERROR")
        .collect();
    let [failure] = errors.as_slice() else {
        panic!("{log}");
    };
    assert_eq!(failure["message"], "the handler failed: the secret is 4711");
    assert_eq!(
        failure["detail"],
        "caused by: invalid digit found in string"
    );
}

#[test]
fn a_level_filters_lower_levels() {
    let server = Lane::Rust.serve("faulty", &["--log-level", "error"]);
    let client = server.client();
    assert_eq!(client.get("/only/get").status, 200);
    assert_eq!(client.get("/throw").status, 500);
    let log = server.stop().log;
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("the secret is 4711"), "{log}");
}

/// Text from clients and guests can neither start a new line nor control a terminal.
#[test]
fn guests_and_clients_cannot_forge_lines() {
    let app = define(&json!({
        "app": {"name": "a", "routes": [{"method": "GET", "path": "/{x}", "name": "n\nFORGED"}]},
        "failure": ["message\r\nFORGED \u{1b}[31m", "detail\nFORGED \u{1b}[31m"],
    }));
    for format in ["text", "json"] {
        let server = host()
            .serve(Some(&app))
            .args(["--log-format", format])
            .start();
        assert_eq!(server.client().get("/a%0AFORGED").status, 500);
        let log = server.stop().log;
        assert!(
            log.lines().all(|line| !line.starts_with("FORGED")),
            "{log:?}"
        );
        assert!(!log.contains('\u{1b}'), "{log:?}");
    }
}
