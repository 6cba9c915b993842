//! Fuzzes URL-encoded forms: brackets, repeated fields, charsets, coercion and schemas.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use spikard_wasm_app::{App, Body, Method};
use spikard_wasm_fuzz::{app, check_refusal};

static APPS: LazyLock<[App; 2]> = LazyLock::new(|| {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"},
        "b": {"type": "array", "items": {"type": "object", "properties": {"c": {"type": "boolean"}}}},
        "d": {"$ref": "#"}, "e[]": {"type": "number"}, "f": {"type": "string", "format": "binary"}}});
    let body =
        json!({"content": {"application/x-www-form-urlencoded": {"schema": schema}}}).to_string();
    ["", &body].map(|body| app(Method::Post, "/", &json!([]), body))
});

fuzz_target!(|body: &[u8]| {
    for charset in ["", "; charset=shift_jis", "; charset=utf-16"] {
        let content_type = format!("application/x-www-form-urlencoded{charset}");
        for app in APPS.iter() {
            let plan = app.routes()[0].body().plan(Some(content_type.as_bytes()));
            match plan.and_then(|plan| plan.read(Bytes::copy_from_slice(body))) {
                Ok(Body::Form(text)) => {
                    let value: Value = serde_json::from_str(&text).expect("a form is JSON");
                    assert!(value.is_object());
                }
                Ok(body) => assert_eq!(body, Body::Empty),
                Err(refusal) => check_refusal(refusal),
            }
        }
    }
});
