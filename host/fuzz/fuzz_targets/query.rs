//! Fuzzes parameters: decoding, styles, coercion and schemas. Uses the input as the query,
//! as a header and as a path segment.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use spikard_wasm_app::{App, Method};
use spikard_wasm_fuzz::{Head, app, check_params};

static APP: LazyLock<App> = LazyLock::new(|| {
    let list = json!({"type": "array", "items": {"type": "integer"}, "uniqueItems": true});
    let object = json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"$ref": "#"},
        "c": {"type": "array", "items": {"type": ["number", "null"]}}}, "additionalProperties": {"type": "boolean"}});
    let flat = json!({"type": "object", "properties": {"x": {"type": "integer"}, "y": {"format": "date"}}});
    let parameters = json!([
        {"name": "p", "in": "path", "style": "matrix", "explode": true, "schema": list},
        {"name": "i", "in": "query", "schema": {"type": "integer", "minimum": 3}},
        {"name": "n", "in": "query", "schema": {"type": ["number", "null"]}},
        {"name": "b", "in": "query", "schema": {"type": "boolean"}},
        {"name": "s", "in": "query", "schema": {"type": "string", "format": "email", "maxLength": 9}},
        {"name": "l", "in": "query", "schema": list},
        {"name": "c", "in": "query", "explode": false, "schema": list},
        {"name": "w", "in": "query", "style": "spaceDelimited", "schema": list},
        {"name": "v", "in": "query", "style": "pipeDelimited", "schema": list},
        {"name": "d", "in": "query", "style": "deepObject", "schema": object},
        {"name": "f", "in": "query", "schema": flat},
        {"name": "g", "in": "query", "explode": false, "schema": flat},
        {"name": "j", "in": "query", "content": {"application/json": {"schema": object}}},
        {"name": "h", "in": "header", "schema": list},
        {"name": "k", "in": "header", "explode": true, "schema": flat},
    ]);
    app(Method::Get, "/{p}", &parameters, "")
});

fuzz_target!(|text: &str| {
    let segment = text.split(['/', '&']).next().unwrap_or_default();
    let header = text.as_bytes();
    check_params(
        &APP,
        &format!("/{segment}"),
        &Head {
            query: text,
            header,
        },
    );
});
