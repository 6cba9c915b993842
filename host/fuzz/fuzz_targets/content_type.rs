//! Fuzzes the `Content-Type` header: media types, parameters, charsets.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use spikard_wasm_app::{App, MediaType, Method};
use spikard_wasm_fuzz::{app, check_refusal};

static APPS: LazyLock<[App; 2]> = LazyLock::new(|| {
    let body =
        json!({"content": {"application/json": {}, "text/*": {}, "multipart/form-data": {}}});
    ["", &body.to_string()].map(|body| app(Method::Post, "/", &json!([]), body))
});

fuzz_target!(|header: &[u8]| {
    if let Ok(text) = std::str::from_utf8(header)
        && let Some(media) = MediaType::parse(text)
    {
        let essence = media.as_str().to_owned();
        assert_eq!(
            MediaType::parse(&essence).expect("it is one").as_str(),
            essence
        );
        let _ = (media.parameter("charset"), media.parameter("boundary"));
    }
    for app in APPS.iter() {
        let plan = app.routes()[0].body().plan(Some(header));
        let read = plan.and_then(|plan| {
            assert!(plan.boundary().is_none_or(|boundary| !boundary.is_empty()));
            plan.read(Bytes::from_static(b"{\"a\": \xe9}"))
        });
        if let Err(refusal) = read {
            check_refusal(refusal);
        }
    }
});
