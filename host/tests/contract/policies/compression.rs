//! Compression.

use std::io::Read;

use serde_json::json;
use spikard_wasm_testing::Response;

use super::App;

/// Returns the decoded body.
pub(super) fn decoded(response: &Response) -> Vec<u8> {
    let body = response.body.as_slice();
    let mut out = Vec::new();
    match response.header("content-encoding") {
        "" => out.extend_from_slice(body),
        "gzip" => {
            let read = flate2::read::GzDecoder::new(body).read_to_end(&mut out);
            read.expect("gzip");
        }
        "br" => {
            let read = brotli::Decompressor::new(body, 4096).read_to_end(&mut out);
            read.expect("brotli");
        }
        "zstd" => out = zstd::decode_all(body).expect("zstd"),
        other => panic!("`{other}`"),
    }
    out
}

fn text() -> String {
    "words that come again and again; ".repeat(100)
}

#[test]
fn responses_use_the_coding_that_the_client_prefers() {
    let server = App::new(json!({"compression": true}))
        .route("GET", "/", json!({}))
        .route(
            "GET",
            "/gzip",
            json!({"compression": {"algorithms": ["gzip"], "level": 11}}),
        )
        .route("GET", "/off", json!({"compression": false}))
        .route("GET", "/long", json!({"compression": {"min_size": 5000}}))
        .reply(200, json!([["etag", "\"1\""]]), &text())
        .serve(&[]);
    let client = server.client();
    for (target, accept, coding) in [
        ("/", "gzip", "gzip"),
        ("/", "br", "br"),
        ("/", "zstd", "zstd"),
        ("/", "gzip, br, zstd", "zstd"),
        ("/", "br;q=0.9, gzip", "gzip"),
        ("/", "*", "zstd"),
        ("/", "identity", ""),
        ("/", "", ""),
        ("/", "deflate", ""),
        ("/", "gzip;q=0", ""),
        ("/", "*;q=0", ""),
        ("/gzip", "gzip, br", "gzip"),
        ("/gzip", "br", ""),
        ("/off", "gzip", ""),
        ("/long", "gzip", ""),
        ("/long", "identity;q=0, gzip", "gzip"),
    ] {
        let headers = [("accept-encoding", accept)];
        let get = client.send("GET", target, &headers, b"");
        assert_eq!(get.header("content-encoding"), coding, "{target} {accept}");
        assert_eq!(decoded(&get), text().as_bytes());
        let varies = !matches!((target, accept), ("/off", _) | ("/long", "gzip"));
        assert_eq!(
            get.header("vary"),
            if varies { "Accept-Encoding" } else { "" }
        );
        let tag = if coding.is_empty() {
            "\"1\""
        } else {
            "W/\"1\""
        };
        assert_eq!(get.header("etag"), tag);
        assert_eq!(get.header("content-length"), get.body.len().to_string());
        let head = client.send("HEAD", target, &headers, b"");
        assert_eq!(head.status, 200);
        for name in [
            "content-encoding",
            "content-length",
            "content-type",
            "vary",
            "etag",
        ] {
            assert_eq!(
                head.header(name),
                get.header(name),
                "{target} {accept} {name}"
            );
        }
    }
    server.stop();
}

#[test]
fn a_body_of_the_minimum_size_is_compressed() {
    let text = text();
    for (size, coding) in [(text.len(), "gzip"), (text.len() + 1, "")] {
        let server = App::new(json!({"compression": {"min_size": size}}))
            .route("GET", "/", json!({}))
            .reply(200, json!([]), &text)
            .serve(&[]);
        let accept = [("accept-encoding", "gzip")];
        let response = server.client().send("GET", "/", &accept, b"");
        assert_eq!(response.header("content-encoding"), coding, "{size}");
        assert_eq!(decoded(&response), text.as_bytes());
        server.stop();
    }
}

#[test]
fn the_viewer_is_compressed_according_to_quality_values() {
    let server = App::new(json!({}))
        .route("GET", "/", json!({}))
        .serve(&["--workers", "1"]);
    let client = server.client();
    let target = "/docs/swagger-ui.css";
    let plain = client.get(target);
    assert_eq!((plain.status, plain.header("content-encoding")), (200, ""));
    for (accept, coding) in [
        ("gzip", "gzip"),
        ("gzip;q=0", ""),
        ("gzip;Q=0", ""),
        ("gzip;Q=0, *", ""),
        ("*;Q=0", ""),
        ("br, gzip;Q=0.5", "gzip"),
    ] {
        let file = client.send("GET", target, &[("accept-encoding", accept)], b"");
        assert_eq!(file.header("content-encoding"), coding, "{accept}");
        assert_eq!(decoded(&file), plain.body, "{accept}");
    }
    server.stop();
}

#[test]
fn responses_that_are_not_compressed() {
    for (status, headers, text) in [
        (200, json!([["content-encoding", "br"]]), text()),
        (
            200,
            json!([["cache-control", "private, no-transform"]]),
            text(),
        ),
        (200, json!([["content-type", "image/png"]]), text()),
        (206, json!([["content-range", "bytes 0-1/2"]]), text()),
        (204, json!([]), String::new()),
        (200, json!([]), "short".to_owned()),
        (200, json!([]), String::new()),
    ] {
        let app = App::new(json!({"compression": true}))
            .route("GET", "/", json!({}))
            .reply(status, headers.clone(), &text);
        let server = app.serve(&[]);
        let accept = [("accept-encoding", "gzip")];
        let response = server.client().send("GET", "/", &accept, b"");
        assert_eq!(response.status, status);
        assert_eq!(response.body, text.as_bytes(), "{headers}");
        assert_ne!(response.header("content-encoding"), "gzip", "{headers}");
        server.stop();
    }
}

#[test]
fn hostile_accept_encoding() {
    let server = App::new(json!({"compression": true}))
        .route("GET", "/", json!({}))
        .reply(200, json!([]), &text())
        .serve(&["--workers", "1"]);
    let mut wire = server.wire();
    let many = format!("accept-encoding: {}", "gzip;q=0.001,".repeat(4000)).into_bytes();
    for fields in [
        b"accept-encoding: \xff".to_vec(),
        b"accept-encoding: ;;;,,,=,q=1;".to_vec(),
        b"accept-encoding: gzip;q=99999999999999999999, br;q=-1".to_vec(),
        b"accept-encoding: gzip;q=0\r\naccept-encoding: br;q=0".to_vec(),
        many,
    ] {
        let mut request = b"GET / HTTP/1.1\r\nhost: a\r\n".to_vec();
        request.extend_from_slice(&fields);
        request.extend_from_slice(b"\r\n\r\n");
        wire.send(request);
        assert_eq!(wire.response().status, 200);
    }
    server.stop();
}
