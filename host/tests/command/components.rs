//! Errors for files that cannot be served.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spikard_wasm_testing::define;

use super::golden::golden;
use super::refusal_of;
use crate::support::host;

/// Serves a file with these bytes.
fn of_bytes(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("app.wasm");
    fs::write(&path, bytes).expect("the file can be written");
    golden(name, &refusal_of(&path));
}

/// Serves a component with this definition.
fn of_definition(name: &str, definition: &Value) {
    golden(name, &refusal_of(&define(definition)));
}

fn of_routes(name: &str, routes: &Value) {
    of_definition(
        name,
        &json!({"app": {"name": "shop", "version": "1", "routes": routes}}),
    );
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("WebAssembly text")
}

#[test]
fn a_missing_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    golden("no-such-file", &refusal_of(&folder.path().join("app.wasm")));
    golden("folder", &refusal_of(folder.path()));
}

#[test]
fn a_file_that_is_not_webassembly() {
    of_bytes("not-wasm", b"#!/bin/sh\necho hello\n");
    of_bytes("empty-file", b"");
}

#[test]
fn a_core_module_or_a_truncated_component() {
    of_bytes("core-module", &wat("(module (func (export \"main\")))"));
    let mut broken = wat("(component (core module (func (export \"f\"))))");
    broken.truncate(broken.len() - 3);
    of_bytes("broken-component", &broken);
}

#[test]
fn components_with_other_exports() {
    of_bytes("no-exports", &wat("(component)"));
    of_bytes(
        "wasi-http",
        &wat(r#"(component
            (instance $handler)
            (export "wasi:http/incoming-handler@0.2.6" (instance $handler)))"#),
    );
    of_bytes(
        "wasi-http-old",
        &wat(r#"(component
            (instance $handler)
            (export "wasi:http/incoming-handler@0.1.0" (instance $handler)))"#),
    );
    of_bytes(
        "half-a-world",
        &wat(r#"(component
            (instance $empty)
            (export "spikard:handler/definition@0.1.0" (instance $empty))
            (export "other:package/api" (instance $empty)))"#),
    );
    // The names are right, but the instance exports nothing.
    of_bytes(
        "empty-world",
        &wat(r#"(component
            (instance $empty)
            (export "spikard:handler/definition@0.1.0" (instance $empty))
            (export "spikard:handler/handler@0.1.0" (instance $empty)))"#),
    );
    of_bytes(
        "unknown-import",
        &wat(r#"(component
            (import "wasi:clipboard/paste@0.2.0" (instance))
            (instance $empty)
            (export "spikard:handler/definition@0.1.0" (instance $empty))
            (export "spikard:handler/handler@0.1.0" (instance $empty)))"#),
    );
    of_bytes(
        "not-granted",
        &wat(r#"(component
            (import "wasi:http/outgoing-handler@0.2.6" (instance))
            (instance $empty)
            (export "spikard:handler/definition@0.1.0" (instance $empty))
            (export "spikard:handler/handler@0.1.0" (instance $empty)))"#),
    );
}

#[test]
fn routes_with_syntax_errors() {
    let one =
        |path: &str| json!([{"method": "GET", "path": "/"}, {"method": "POST", "path": path}]);
    of_routes("pattern-without-slash", &one("users"));
    of_routes("pattern-in-segment", &one("/users/id-{id}"));
    of_routes("pattern-open", &one("/users/{id"));
    of_routes("pattern-twice", &one("/{id}/x/{id}"));
    of_routes("pattern-rest", &one("/files/{*rest}/x"));
    of_routes("no-routes", &json!([]));
}

#[test]
fn conflicting_routes() {
    let route = |method: &str, path: &str| json!({"method": method, "path": path});
    let id = route("GET", "/users/{id}");
    of_routes(
        "collision",
        &json!([id, route("GET", "/users"), route("GET", "/users/{name}")]),
    );
    of_routes(
        "collision-equal",
        &json!([route("GET", "/%61"), route("GET", "/a")]),
    );
    let fine = json!({"app": {"name": "shop", "routes": [id, route("PUT", "/users/{name}"),
        route("GET", "/users/me"), route("GET", "/users/{id}/{*rest}")]}});
    let app = define(&fine);
    let server = host().serve(Some(&app)).start();
    assert_eq!(server.client().get("/users/me").text(), "fine");
    server.stop();
}

#[test]
fn contradictory_declarations() {
    let with = |member: &str, text: &str| {
        let mut route = json!({"method": "GET", "path": "/a/{id}"});
        route[member] = json!(text);
        json!([route])
    };
    of_routes("parameters-not-json", &with("parameters", "[{"));
    of_routes(
        "parameter-elsewhere",
        &with("parameters", r#"[{"name": "a", "in": "moon"}]"#),
    );
    of_routes(
        "schema-wrong",
        &with(
            "parameters",
            r#"[{"name": "a", "in": "query", "schema": {"type": "nothing"}}]"#,
        ),
    );
    of_routes(
        "body-unknown-member",
        &with("body", r#"{"content": {}, "more": 1}"#),
    );
    of_routes(
        "settings-unknown-member",
        &with("settings", r#"{"cache_seconds": 1}"#),
    );
}

#[test]
fn a_definition_that_fails() {
    of_definition(
        "describe-refuses",
        &json!({"on_describe": {"refuse": "two parameters of `GET /a` are named `id`"}}),
    );
    of_definition("describe-traps", &json!({"on_describe": "trap"}));
}

#[test]
fn a_definition_that_does_not_return() {
    let start = Instant::now();
    of_definition("describe-spins", &json!({"on_describe": "spin"}));
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}
