//! Requests between apps of one host, without a socket.

use std::time::{Duration, Instant};

use serde_json::json;
use spikard_wasm_testing::{Server, guest};

use super::figures::figure;
use super::{Folder, app, ask};
use crate::support::encode;

/// Serves `front`, which forwards requests to a URL from its query, and `back`.
fn serve(allow: &str, args: &[&str]) -> (Folder, Server) {
    let folder = Folder::new();
    folder.replace("front.wasm", &guest("wasi-raw"));
    folder.define("back.wasm", app("back", &["/x"], json!({})));
    folder.replace("slow.wasm", &guest("wasi-raw"));
    folder.config(&format!(
        "[[app]]\nname = \"front\"\ncomponent = \"front.wasm\"\npath = \"/front\"\n\
         grants = {{ outgoing = {{ allow = {allow} }} }}\n\
         [[app]]\nname = \"back\"\ncomponent = \"back.wasm\"\nhost = \"back.example\"\n\
         [[app]]\nname = \"slow\"\ncomponent = \"slow.wasm\"\npath = \"/slow\"\ntimeout = \"300ms\"\n"
    ));
    let server = folder.serve(args);
    (folder, server)
}

/// Makes `front` request a URL and returns its answer.
fn through_front(server: &Server, url: &str) -> (u16, String) {
    ask(server, "x", &format!("/front/outgoing?url={}", encode(url)))
}

#[test]
fn an_app_requests_another_by_name() {
    let (_folder, server) = serve("[\"app://back\"]", &[]);
    let answer = through_front(&server, "http://back.app.internal/x");
    assert_eq!(answer, (200, "back".to_owned()));
    // Errors of the other app are passed on unchanged.
    let (status, problem) = through_front(&server, "http://back.app.internal/none");
    assert_eq!(status, 404);
    assert!(problem.contains("/errors/not-found"), "{problem}");
    let line = server.logged("route=\"at /x\"");
    assert!(
        line.contains("app=\"back\"") && line.contains("path=\"/x\""),
        "{line}"
    );
    let (_, text) = ask(&server, "x", "/metrics");
    for (name, count) in [
        (
            r#"spikard_wasm_requests_total{app="back",route="at /x",status="200"}"#,
            1.0,
        ),
        (
            r#"spikard_wasm_requests_total{app="front",route="*",status="200"}"#,
            1.0,
        ),
        (
            r#"spikard_wasm_outgoing_requests_total{app="front",outcome="sent"}"#,
            2.0,
        ),
        (
            r#"spikard_wasm_outgoing_requests_total{app="front",outcome="denied"}"#,
            0.0,
        ),
        (r#"spikard_wasm_outgoing_under_way{app="front"}"#, 0.0),
    ] {
        assert_eq!(figure(&text, name), Some(count), "{name}:\n{text}");
    }
    assert!(
        !text.contains(r#"outgoing_requests_total{app="back""#),
        "{text}"
    );
}

#[test]
fn internal_requests_require_a_grant_and_an_existing_app() {
    let (_folder, server) = serve("[\"app://nobody\"]", &[]);
    let (status, said) = through_front(&server, "http://back.app.internal/x");
    assert_eq!(status, 502, "{said}");
    assert!(said.contains("HttpRequestDenied"), "{said}");
    let line = server.logged("outgoing request denied");
    assert!(line.contains("add `app://back` to `allow`"), "{line}");
    let (status, said) = through_front(&server, "http://nobody.app.internal/x");
    assert_eq!(status, 502, "{said}");
    assert!(said.contains("DnsError"), "{said}");
    // An allow list for the network does not grant access to apps.
    let (_folder, server) = serve("[\"http://*:*\"]", &[]);
    let (status, said) = through_front(&server, "http://back.app.internal/x");
    assert_eq!(
        (status, said.contains("HttpRequestDenied")),
        (502, true),
        "{said}"
    );
}

#[test]
fn internal_requests_obey_the_deadline_of_the_other_app() {
    let (_folder, server) = serve("[\"app://*\"]", &["--workers", "1"]);
    let start = Instant::now();
    let (status, problem) = through_front(&server, "http://slow.app.internal/spin");
    assert_eq!(status, 504, "{problem}");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(ask(&server, "back.example", "/x"), (200, "back".to_owned()));
}

/// Each call of `front` requests `front` again: the host stops the recursion.
#[test]
fn recursive_internal_requests_are_stopped() {
    let (_folder, server) = serve("[\"app://front\", \"app://back\"]", &["--workers", "1"]);
    let calls = |number: usize| {
        (0..number).fold("http://back.app.internal/x".to_owned(), |url, _| {
            format!("http://front.app.internal/outgoing?url={}", encode(&url))
        })
    };
    assert_eq!(through_front(&server, &calls(7)), (200, "back".to_owned()));
    let (status, said) = through_front(&server, &calls(8));
    assert_eq!(status, 502, "{said}");
    assert!(said.contains("LoopDetected"), "{said}");
}
