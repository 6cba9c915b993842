//! `openapi`: the OpenAPI document of a component.

use std::fs;

use serde_json::{Value, json};
use spikard_wasm_testing::define;

use super::golden::golden;
use super::{failed, refusal_of};
use crate::support::{Lane, host};

#[test]
fn prints_the_document() {
    let app = Lane::Rust.guest("hello");
    let run = host().run(["openapi".as_ref(), app.as_os_str()]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    golden("openapi", &run.stdout);
}

#[test]
fn writes_the_document() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = Lane::Rust.guest("hello");
    let path = folder.path().join("api.json");
    let write = |path: &std::path::Path| {
        host().run([
            "openapi".as_ref(),
            app.as_os_str(),
            "-o".as_ref(),
            path.as_os_str(),
        ])
    };
    let run = write(&path);
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (Some(0), "", "")
    );
    let text = fs::read_to_string(&path).expect("the document");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["info"]["title"], "hello-rust");
    let said = failed(&write(&folder.path().join("none/api.json")));
    assert!(said.contains("failed to write the document to `"), "{said}");
}

#[test]
fn prints_the_document_of_an_app_that_does_not_serve_it() {
    let settings = json!({"openapi": false}).to_string();
    let app =
        json!({"name": "quiet", "routes": [{"method": "GET", "path": "/"}], "settings": settings});
    let definition = define(&json!({ "app": app }));
    let run = host().run(["openapi".as_ref(), definition.as_os_str()]);
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(document["info"]["title"], "quiet");
}

#[test]
fn reports_an_invalid_setting() {
    let refusal = |settings: Value| {
        let app =
            json!({"routes": [{"method": "GET", "path": "/"}], "settings": settings.to_string()});
        refusal_of(&define(&json!({ "app": app })))
    };
    golden(
        "openapi-unknown-member",
        &refusal(json!({"openapi": {"titel": "x"}})),
    );
    golden(
        "openapi-path",
        &refusal(json!({"openapi": {"path": "openapi.json"}})),
    );
}

#[test]
fn rejects_invalid_components() {
    let replies = json!({"fine": {}}).to_string();
    let app = json!({"routes": [{"method": "GET", "path": "/", "replies": replies}]});
    let definition = define(&json!({ "app": app }));
    golden("replies-no-status", &refusal_of(&definition));
    let run = host().run(["openapi", "no-such-file.wasm"]);
    assert!(failed(&run).contains("no-such-file.wasm"));
}
