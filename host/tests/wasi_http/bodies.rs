//! Streaming bodies: each piece arrives before the next one is sent.

use std::thread;
use std::time::{Duration, Instant};

use spikard_wasm_testing::Wire;

use super::{Guest, on_every_guest};

on_every_guest!(
    a_body_comes_back,
    a_request_is_streamed,
    a_reply_is_streamed,
    an_echo_is_streamed_both_ways,
    bytes_are_counted,
);

fn a_body_comes_back(guest: Guest) {
    let server = guest.serve(&[]);
    let client = server.client();
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    for body in [&b"x"[..], b"\0\xff\r\n\r\n", &bytes] {
        let response = client.post("/echo", "application/x-test", body);
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.header("content-type"), "application/x-test");
        assert!(response.body == body, "{} bytes", response.body.len());
    }
    let empty = client.send("POST", "/echo", &[("content-length", "0")], b"");
    assert_eq!((empty.status, empty.body.len()), (200, 0));
}

/// The reply is `first` at once, and `second` after a pause.
fn a_reply_is_streamed(guest: Guest) {
    let server = guest.serve(&[]);
    let mut wire = server.wire();
    // Warm up: an instance exists and the code is loaded.
    assert_eq!(wire.ask("GET /hello HTTP/1.1\r\nhost: a").status, 200);
    let start = Instant::now();
    wire.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = wire.head_response();
    assert_eq!(
        head.header("transfer-encoding"),
        Some("chunked"),
        "{head:?}"
    );
    assert_eq!(read(&mut wire, 6), b"first\n");
    let first = start.elapsed();
    assert_eq!(read(&mut wire, 7), b"second\n");
    let second = start.elapsed();
    assert_eq!(wire.chunk(), None);
    assert!(wire.trailers().is_empty());
    assert!(second >= Duration::from_millis(290), "{second:?}");
    assert!(
        second - first >= Duration::from_millis(150),
        "{first:?}, {second:?}"
    );
    // The connection stays open.
    assert_eq!(wire.ask("GET /hello HTTP/1.1\r\nhost: a").text(), "hello");
}

/// The guest counts a slow request body when it ends.
fn a_request_is_streamed(guest: Guest) {
    let server = guest.serve(&[]);
    let mut wire = server.wire();
    wire.send("POST /count HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..4 {
        wire.send("5\r\nabcde\r\n");
        thread::sleep(Duration::from_millis(50));
    }
    wire.send("0\r\n\r\n");
    let response = wire.response();
    assert_eq!((response.status, response.text().as_str()), (200, "20"));
}

/// The echo of a piece arrives before the rest of the body is sent.
fn an_echo_is_streamed_both_ways(guest: Guest) {
    let server = guest.serve(&[]);
    let mut wire = server.wire();
    wire.send("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    wire.send("6\r\nfirst\n\r\n");
    let head = wire.head_response();
    assert_eq!(head.status, 200);
    assert_eq!(read(&mut wire, 6), b"first\n");
    thread::sleep(Duration::from_millis(50));
    wire.send("7\r\nsecond\n\r\n");
    assert_eq!(read(&mut wire, 7), b"second\n");
    wire.send("0\r\n\r\n");
    assert_eq!(wire.chunk(), None);
    assert!(wire.trailers().is_empty());
    assert_eq!(wire.ask("GET /hello HTTP/1.1\r\nhost: a").text(), "hello");
}

fn bytes_are_counted(guest: Guest) {
    let server = guest.serve(&[]);
    let client = server.client();
    for bytes in [1, 65_536, 1_000_003] {
        let response = client.post("/count", "application/octet-stream", &vec![7; bytes]);
        assert_eq!(response.text(), bytes.to_string());
        let response = client.get(&format!("/big?bytes={bytes}"));
        assert_eq!(response.body.len(), bytes);
        assert!(response.body.iter().all(|byte| *byte == b'x'));
    }
    assert_eq!(client.get("/big?bytes=0").body.len(), 0);
}

/// Reads this many bytes of a chunked body.
fn read(wire: &mut Wire, bytes: usize) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < bytes {
        read.extend(wire.chunk().expect("more of the body"));
    }
    read
}
