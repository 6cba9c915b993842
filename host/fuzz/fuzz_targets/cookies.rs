//! Fuzzes the `Cookie` header with arbitrary bytes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use spikard_wasm_app::{App, Method};
use spikard_wasm_fuzz::{Head, app, check_params};

static APP: LazyLock<App> = LazyLock::new(|| {
    let parameters = json!([
        {"name": "a", "in": "cookie", "schema": {"type": "integer"}},
        {"name": "b", "in": "cookie", "schema": {"type": "string", "pattern": "^(?=x)[a-z]+$"}},
        {"name": "c", "in": "cookie", "explode": false, "schema": {"type": "array", "items": {"type": "number"}}},
        {"name": "d", "in": "cookie", "schema": {"type": "object", "properties": {"e": {"type": "boolean"}}}},
    ]);
    app(Method::Get, "/", &parameters, "")
});

fuzz_target!(|header: &[u8]| {
    check_params(&APP, "/", &Head { query: "", header });
});
