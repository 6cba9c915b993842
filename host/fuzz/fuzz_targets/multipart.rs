//! Fuzzes multipart forms, in chunks whose size is the first byte.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use spikard_wasm_app::{App, Body, Method, Refusal, read_multipart};
use spikard_wasm_fuzz::{app, check_refusal};

static APP: LazyLock<App> = LazyLock::new(|| {
    let schema = json!({"type": "object", "properties": {"f": {"type": "string", "format": "binary", "maxLength": 20},
        "g": {"type": "array", "items": {"contentMediaType": "image/png"}}, "n": {"type": "integer"}}});
    let body = json!({"content": {"multipart/form-data": {"schema": schema,
        "encoding": {"f": {"contentType": "image/*"}}}}});
    app(Method::Post, "/", &json!([]), &body.to_string())
});

fuzz_target!(|data: &[u8]| {
    let Some((size, body)) = data.split_first() else {
        return;
    };
    let pieces: Vec<_> = body
        .chunks(usize::from(*size).max(1))
        .map(Bytes::copy_from_slice)
        .collect();
    let stream = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, Refusal>));
    let plan = APP.routes()[0]
        .body()
        .plan(Some(b"multipart/form-data; boundary=x"));
    let plan = plan.expect("the content type is right");
    let mut reading = Box::pin(read_multipart("x", stream, 1 << 16));
    // Reading a chunk takes at most a few polls.
    let form = (0..4 * body.len() + 16).find_map(|_| reading.as_mut().now_or_never());
    match form
        .expect("reading ends")
        .and_then(|form| plan.read_form(form))
    {
        Ok((Body::Form(text), files)) => {
            let value: Value = serde_json::from_str(&text).expect("a form is JSON");
            assert!(value.is_object());
            assert!(files.iter().map(|file| file.bytes.len()).sum::<usize>() <= body.len());
        }
        Ok((body, _)) => unreachable!("{body:?}"),
        Err(refusal) => check_refusal(refusal),
    }
});
