//! Hooks around the handler: selection, order, effects, and failures. The guest counts its calls.

use std::fs;

use serde_json::{Value, json};
use spikard_wasm_testing::{Server, define};
use tempfile::TempPath;

use crate::support::host;

/// Defines an app with one route, which requires the integer query parameter `n`.
fn app(declared: &[&str], mut definition: Value) -> TempPath {
    let settings = json!({"hooks": declared, "body_limit": 10, "timeout_ms": 200}).to_string();
    let parameters = json!([{"name": "n", "in": "query", "required": true,
        "schema": {"type": "integer"}}]);
    definition["app"] = json!({"name": "hooked", "routes": [
        {"method": "POST", "path": "/", "name": "post", "parameters": parameters.to_string(), "settings": settings},
        {"method": "GET", "path": "/plain"},
    ]});
    define(&definition)
}

fn serve(app: &TempPath) -> Server {
    host().serve(Some(app)).args(["--workers", "1"]).start()
}

const ALL: [&str; 5] = [
    "on-request",
    "pre-validation",
    "pre-handler",
    "on-response",
    "on-error",
];

#[test]
fn hooks_run_in_order_and_share_the_local_context() {
    let traces: Value = ALL.iter().map(|kind| (*kind, "trace")).collect();
    let app = app(&ALL, json!({"hooks": traces}));
    let server = serve(&app);
    let response = server.client().post("/?n=1", "text/plain", b"hi");
    assert_eq!((response.status, response.text()), (200, "fine".to_owned()));
    assert_eq!(
        response.header("x-trace"),
        "on-request pre-validation pre-handler handle on-response"
    );
    // A request that fails validation does not reach the later hooks.
    let refused = server.client().post("/?n=x", "text/plain", b"hi");
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.header("x-trace"),
        "on-request pre-validation on-error"
    );
    // The context ends with its request.
    let again = server.client().post("/?n=1", "text/plain", b"hi");
    assert_eq!(again.header("x-trace"), response.header("x-trace"));
    assert_eq!(server.client().get("/plain").header("x-trace"), "");
    server.stop();
}

#[test]
fn undeclared_hooks_are_not_called() {
    let traces: Value = ALL.iter().map(|kind| (*kind, "trace")).collect();
    let calls = |declared: &[&str]| {
        let app = app(declared, json!({"hooks": traces, "count": true}));
        let server = serve(&app);
        // The first instance is the one that described the app; each instance counts its own
        // calls.
        let first = server.client().post("/?n=1", "text/plain", b"");
        assert_eq!(first.status, 200, "{}", first.text());
        let calls = server.client().post("/?n=1", "text/plain", b"").json();
        server.stop();
        calls
    };
    assert_eq!(calls(&[]), json!({"handle": 2}));
    assert_eq!(calls(&["on-error"]), json!({"handle": 2}));
    assert_eq!(
        calls(&["pre-handler"]),
        json!({"handle": 2, "pre-handler": 2})
    );
}

#[test]
fn a_hook_before_the_handler_may_end_the_request() {
    for kind in ["on-request", "pre-validation", "pre-handler"] {
        let reply = json!([418, "[[\"x-by\",\"hook\"]]", "short"]);
        let app = app(
            &[kind, "on-response"],
            json!({"hooks": {kind: {"reply": reply}, "on-response": "trace"}}),
        );
        let server = serve(&app);
        let response = server.client().post("/?n=1", "text/plain", b"hi");
        assert_eq!(
            (response.status, response.text()),
            (418, "short".to_owned())
        );
        // The reply of a hook is like any other: hooks of replies run, but the handler did not.
        assert_eq!(response.header("x-trace"), "on-response");
        // Earlier hooks run before validation and before the body is read.
        let expected = if kind == "pre-handler" { 422 } else { 418 };
        let unchecked = server.client().post("/?n=x", "text/plain", b"hi");
        assert_eq!(unchecked.status, expected);
        let expected = if kind == "pre-handler" { 413 } else { 418 };
        let long = server
            .client()
            .post("/?n=1", "text/plain", b"more than the limit");
        assert_eq!(long.status, expected);
        server.stop();
    }
}

#[test]
fn a_hook_may_change_a_reply() {
    let change = |hook: Value| {
        let app = app(
            &["on-response"],
            json!({"hooks": {"on-response": hook}, "reply": [201, "[[\"x-a\",\"1\"]]", "made"]}),
        );
        let server = serve(&app);
        let response = server.client().post("/?n=1", "text/plain", b"");
        server.stop();
        response
    };
    let head = change(json!({"head": [202, "[[\"x-b\",\"2\"]]"]}));
    assert_eq!((head.status, head.text()), (202, "made".to_owned()));
    assert_eq!((head.header("x-a"), head.header("x-b")), ("", "2"));
    let whole = change(json!({"reply": [203, "", "other"]}));
    assert_eq!((whole.status, whole.text()), (203, "other".to_owned()));
    let shown = change(json!("show"));
    assert_eq!(shown.text(), "201 [[\"x-a\",\"1\"]]  made");
}

#[test]
fn errors_of_the_host_need_no_declaration() {
    let settings = json!({"hooks": ["on-error"]}).to_string();
    let body = json!({"required": true, "content": {"text/plain": {}}}).to_string();
    let replies = |status: &str| json!({ status: {"description": "declared"} }).to_string();
    let definition = json!({"hooks": {"on-error": "trace"}, "app": {"name": "hooked", "routes": [
        {"method": "POST", "path": "/", "body": body, "replies": replies("200"), "settings": settings},
        {"method": "POST", "path": "/wrong", "body": body, "replies": replies("201"), "settings": settings},
    ]}});
    let app = define(&definition);
    let server = host().serve(Some(&app)).args(["--dev"]).start();
    let client = server.client();
    assert_eq!(client.post("/", "text/plain", b"hi").status, 200);
    assert_eq!(client.post("/", "text/plain", b"").status, 422);
    // A reply of the handler must match the route's declaration.
    assert_eq!(client.post("/wrong", "text/plain", b"hi").status, 500);
    assert!(server.stop().log.contains("status 200 is not declared"));
}

#[test]
fn on_error_receives_the_error() {
    let show = |definition: Value, target: &str, body: &[u8]| {
        let app = app(&["pre-handler", "on-error"], definition);
        let server = serve(&app);
        let response = server.client().post(target, "text/plain", body);
        // The next request gets an instance.
        assert_eq!(server.client().get("/plain").status, 200);
        let log = server.stop().log;
        (response, log)
    };
    let hooks = |pre: Value| json!({"hooks": {"pre-handler": pre, "on-error": "show"}});
    let (invalid, _) = show(hooks(json!("trace")), "/?n=x", b"");
    let text = invalid.text();
    assert!(
        text.starts_with("422 ") && text.contains("1 validation error in request"),
        "{text}"
    );
    assert!(
        text.contains("application/problem+json") && text.contains("int_parsing"),
        "{text}"
    );
    let (long, _) = show(hooks(json!("trace")), "/?n=1", b"more than the limit");
    assert!(long.text().starts_with("413 "), "{}", long.text());
    let (failed, log) = show(hooks(json!({"fail": "no luck"})), "/?n=1", b"");
    assert!(failed.text().starts_with("500 ") && failed.text().contains(" no luck "));
    assert!(log.contains("no luck"), "{log}");
    let (trapped, log) = show(hooks(json!("trap")), "/?n=1", b"");
    assert!(trapped.text().starts_with("500 "), "{}", trapped.text());
    assert!(log.contains("the guest trapped"), "{log}");
    let (late, log) = show(hooks(json!("spin")), "/?n=1", b"");
    assert!(late.text().starts_with("504 "), "{}", late.text());
    assert!(log.contains("exceeded its deadline of 200ms"), "{log}");
}

#[test]
fn a_failed_hook_is_handled_like_a_failed_handler() {
    for kind in ALL {
        for (hook, message) in [
            (json!({"fail": "no luck"}), "no luck"),
            (json!("trap"), "the guest trapped"),
        ] {
            let app = app(&[kind], json!({"hooks": {kind: hook}}));
            let server = serve(&app);
            let target = if kind == "on-error" { "/?n=x" } else { "/?n=1" };
            let response = server.client().post(target, "text/plain", b"hi");
            let _ = response.problem(500);
            assert!(!response.text().contains("luck"));
            assert_eq!(server.client().get("/plain").status, 200, "{kind}");
            let log = server.stop().log;
            assert!(log.contains(message), "{kind}: {log}");
        }
    }
}

#[test]
fn declared_hooks_must_be_exported() {
    let app = app(&["on-request"], json!({}));
    let mut bytes = fs::read(&app).expect("the component");
    let name = b"spikard:handler/hooks@0.1.0";
    let places: Vec<usize> = (0..bytes.len() - name.len())
        .filter(|at| bytes[*at..].starts_with(name))
        .collect();
    for at in places {
        bytes[at + name.len() - 7] = b'z';
    }
    fs::write(&app, bytes).expect("the component");
    let path = app.to_str().expect("a path");
    let run = host().run(["serve", path, "--port", "0"]);
    assert_eq!(run.code, Some(1));
    let error = &run.stderr;
    assert!(
        error.contains("route `POST /`")
            && error.contains("declares the hook `on-request`")
            && error.contains("does not export `spikard:handler/hooks@0.1.0`"),
        "{error}"
    );
}

#[test]
fn unknown_hooks_are_rejected_at_load() {
    let app = app(&["on-fire"], json!({}));
    let run = host().run(["serve", app.to_str().expect("a path"), "--port", "0"]);
    assert!(
        run.stderr.contains("unknown variant `on-fire`") && run.stderr.contains("`on-request`"),
        "{}",
        run.stderr
    );
}
