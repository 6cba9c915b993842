//! Fuzzes JSON bodies, with and without a schema.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use spikard_wasm_app::{App, Body, Method};
use spikard_wasm_fuzz::{app, check_refusal};

static APPS: LazyLock<[App; 2]> = LazyLock::new(|| {
    let schema = json!({"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "minLength": 2, "pattern": "^(?!x)[a-z]+$"}, "id": {"format": "uuid"},
        "at": {"format": "date-time"}, "for": {"format": "duration"}, "mail": {"format": "email"},
        "link": {"format": "uri"}, "host": {"format": "hostname"}, "ip": {"format": "ipv6"},
        "count": {"type": "integer", "multipleOf": 3, "exclusiveMinimum": 0}, "kind": {"enum": ["a", 1, null]},
        "tags": {"type": "array", "uniqueItems": true, "maxItems": 3, "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        "next": {"$ref": "#"}, "one": {"oneOf": [{"type": "number"}, {"type": "integer"}]}, "not": {"not": {"type": "object"}}},
        "dependencies": {"id": ["at"]}, "additionalProperties": false, "maxProperties": 8});
    let body = json!({"content": {"application/json": {"schema": schema}}}).to_string();
    ["", &body].map(|body| app(Method::Post, "/", &json!([]), body))
});

fuzz_target!(|body: &[u8]| {
    for (app, has_schema) in APPS.iter().zip([false, true]) {
        let plan = app.routes()[0].body().plan(Some(b"application/json"));
        let plan = plan.expect("the content type is right");
        match plan.read(Bytes::copy_from_slice(body)) {
            // With a schema, the host builds a tree. Without one, it checks only syntax, so
            // numbers can be out of range and escapes can be unpaired surrogates.
            Ok(Body::Json(text)) if has_schema => {
                serde_json::from_str::<Value>(&text).expect("what passes is a tree");
            }
            Ok(Body::Json(text)) => {
                serde_json::from_str::<IgnoredAny>(&text).expect("what passes is JSON");
            }
            Ok(body) => assert_eq!(body, Body::Empty),
            Err(refusal) => check_refusal(refusal),
        }
    }
});
