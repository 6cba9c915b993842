//! Request bodies: all kinds, the size limit, and unreadable bodies.

use serde_json::json;
use spikard_wasm_testing::{Random, Server, Wire, multipart};

use crate::support::{Lane, on_every_lane};

on_every_lane!(raw_and_text, forms);

const BYTES: &str = "application/octet-stream";

fn raw_and_text(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let client = server.client();
    let mut random = Random::new();
    for length in [1, 3, 4096, 65_536, 300_001] {
        let body = random.bytes(length);
        // A raw body ignores the content type.
        let response = client.post("/body/raw", "application/json", &body);
        assert_eq!(
            (response.status, response.body == body),
            (200, true),
            "{length}"
        );
    }
    let text = "grün 漢字 😀\u{0}\r\n\"";
    let response = client.post("/body/text", "text/plain; charset=UTF-8", text.as_bytes());
    assert_eq!((response.status, response.text().as_str()), (200, text));
    server.stop();
}

fn forms(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let all: Vec<u8> = (0..=255).collect();
    let files: [(&str, &str, &[u8]); 3] = [
        ("a", "ä b.bin", &all),
        ("a", "c.bin", b""),
        ("d", "e.txt", b"--\r\n-x-"),
    ];
    let (content_type, mut body) = multipart(&files);
    // A text field precedes the files.
    let boundary = content_type
        .split_once('=')
        .map_or("", |(_, boundary)| boundary);
    let field =
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\ngrün\r\n");
    body.splice(0..0, field.bytes());
    let response = server.client().post("/body/form", &content_type, &body);
    assert_eq!(response.status, 200, "{}", response.text());
    let hex: String = all.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = |field: &str, filename: &str, size: usize, bytes: &str| {
        json!({"field": field, "filename": filename, "size": size, "bytes": bytes,
            "content_type": "application/octet-stream"})
    };
    assert_eq!(
        response.json(),
        json!({
            "texts": [["note", "grün"]],
            "files": [
                file("a", "ä b.bin", 256, &hex),
                file("a", "c.bin", 0, ""),
                file("d", "e.txt", 7, "2d2d0d0a2d782d"),
            ],
        })
    );
    server.stop();
}

fn post(server: &Server, target: &str, headers: &str) -> Wire {
    let mut wire = server.wire();
    wire.send(format!(
        "POST {target} HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n"
    ));
    wire
}

#[test]
fn a_body_over_the_limit_is_413() {
    let server = Lane::Rust.serve("faulty", &["--body-limit", "1KiB"]);
    let client = server.client();
    assert_eq!(client.post("/body/small", BYTES, &[b'x'; 16]).status, 200);
    let document = client.post("/body/small", BYTES, &[b'x'; 17]).problem(413);
    assert!(
        document["detail"]
            .as_str()
            .is_some_and(|text| text.contains("16 bytes")),
        "{document}"
    );
    assert_eq!(
        client
            .post("/body/text", "text/plain", &[b'x'; 1024])
            .status,
        200
    );
    let _ = client
        .post("/body/text", "text/plain", &[b'x'; 1025])
        .problem(413);
    // A route's limit takes precedence, even if it is higher than the server's.
    assert_eq!(
        client.post("/body/raw", BYTES, &[b'x'; 2_000_000]).status,
        200
    );

    // A declared length above the limit is rejected before the body arrives.
    let mut wire = post(&server, "/body/small", "content-length: 17");
    assert_eq!(wire.response().status, 413);
    let mut wire = post(&server, "/body/small", "content-length: 99999999999999999");
    assert_eq!(wire.response().status, 413);

    // A chunked body is rejected when it exceeds the limit.
    let mut wire = post(&server, "/body/small", "transfer-encoding: chunked");
    wire.send("10\r\n0123456789abcdef\r\n");
    wire.send("1\r\nx\r\n0\r\n\r\n");
    assert_eq!(wire.response().status, 413);
    let mut wire = post(&server, "/body/small", "transfer-encoding: chunked");
    wire.send("10\r\n0123456789abcdef\r\n0\r\n\r\n");
    let response = wire.response();
    assert_eq!(
        (response.status, response.text().as_str()),
        (200, "0123456789abcdef")
    );
    server.stop();
}

#[test]
fn the_default_limit_is_10_mib() {
    let server = Lane::Rust.serve("faulty", &[]);
    let mut wire = post(&server, "/body/text", "content-length: 10485761");
    assert_eq!(wire.response().status, 413);
    let body = vec![b'x'; 10_485_760];
    assert_eq!(
        server
            .client()
            .post("/body/text", "text/plain", &body)
            .body
            .len(),
        body.len()
    );
    server.stop();
}

#[test]
fn a_malformed_body_is_400() {
    let server = Lane::Rust.serve("faulty", &[]);
    let client = server.client();
    let cases: [(&str, &str, &[u8]); 9] = [
        ("/body/text", "application/json", b"{\"a\":"),
        ("/body/text", "application/json", b"\"\xff\""),
        ("/body/text", "application/vnd.a+json", b"nothing"),
        ("/body/text", "text/plain", b"caf\xe9"),
        ("/body/text", "text/plain; charset=utf-8", b"\xff"),
        ("/body/text", "application/x-www-form-urlencoded", b"a=%ff"),
        ("/body/form", "multipart/form-data", b"x"),
        (
            "/body/form",
            "multipart/form-data; boundary=x",
            b"--x\r\nno end",
        ),
        ("/declared/1?page=1", "application/json", b"{'name'}"),
    ];
    for (target, content_type, body) in cases {
        let headers = [
            ("content-type", content_type),
            ("x-token", "t"),
            ("cookie", "sid=abc"),
        ];
        let response = client.send("POST", target, &headers, body);
        let document = response.problem(400);
        assert_eq!(
            document["type"], "https://spikard.dev/errors/bad-request",
            "{content_type}"
        );
    }
    let _ = client
        .post("/body/text", "text/plain; charset=klingon", b"caf\xe9")
        .problem(415);
    let latin = client.post("/body/text", "text/plain; charset=latin1", b"caf\xe9");
    assert_eq!((latin.status, latin.text().as_str()), (200, "café"));
    let _ = client
        .post("/declared/1?page=1", "text/plain", b"x")
        .problem(415);
    assert_eq!(client.get("/count").status, 200);
    server.stop();
}

#[test]
fn a_client_that_disconnects_during_a_body_does_not_affect_others() {
    let server = Lane::Rust.serve("faulty", &["--workers", "1"]);
    for _ in 0..5 {
        let mut wire = post(&server, "/body/raw", "content-length: 1000");
        wire.send("only this");
    }
    let mut wire = post(&server, "/body/raw", "content-length: 10");
    wire.send("four");
    wire.finish();
    assert!(wire.is_closed_or(400));
    assert_eq!(server.client().get("/count").status, 200);
    let log = server.stop().log;
    assert!(
        !log.contains("panicked") && !log.contains("defect"),
        "{log}"
    );
}

/// An unread body either leaves the connection usable or closes it with `connection: close`.
#[test]
fn after_a_rejected_body_the_connection_works_or_is_closed_explicitly() {
    let server = Lane::Rust.serve("faulty", &["--body-limit", "1KiB"]);
    let mut wire = server.wire();
    for _ in 0..50 {
        wire.send(
            "POST /declared/1?page=1 HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\n\
             content-length: 4\r\n\r\nbody",
        );
        let response = wire.response();
        assert_eq!(response.status, 415);
        assert_eq!(response.header("connection"), None);
        wire.send("GET /count HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(wire.response().status, 200);
    }
    let head = "POST /body/text HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n";
    wire.send(head);
    let response = wire.response();
    assert_eq!(response.status, 413);
    assert_eq!(response.header("connection"), Some("close"));
    server.stop();
}
