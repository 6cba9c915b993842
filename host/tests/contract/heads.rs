//! Request heads that RFC 9112 and RFC 9113 forbid, and what apps see of valid ones.

use bytes::Bytes;
use http::Request;
use spikard_wasm_testing::Server;

use crate::support::{Lane, on_every_lane};

on_every_lane!(http2_cookie_fields_are_joined);

fn status(server: &Server, head: &str) -> u16 {
    let mut wire = server.wire();
    let response = wire.ask(head);
    if response.status == 400 {
        assert_eq!(response.header("connection"), Some("close"), "{head}");
        assert!(wire.is_closed(), "{head}");
    }
    response.status
}

#[test]
fn a_request_must_have_one_valid_host() {
    let server = Lane::Rust.serve("faulty", &[]);
    for headers in [
        "",
        "\r\nhost: a\r\nhost: b",
        "\r\nhost: a b",
        "\r\nhost: a/b",
        "\r\nhost:",
        "\r\nhost: user@a",
        "\r\nhost: a:port",
    ] {
        let head = format!("GET /only/get HTTP/1.1{headers}");
        assert_eq!(status(&server, &head), 400, "{head:?}");
    }
    for head in [
        "GET /only/get HTTP/1.1\r\nhost: a.example:8000",
        "GET /only/get HTTP/1.1\r\nhost: [::1]:8000",
        "GET http://good.example/only/get HTTP/1.1\r\nhost: evil.example",
    ] {
        assert_eq!(status(&server, head), 200, "{head:?}");
    }
    // HTTP/1.0 requires no Host.
    let mut wire = server.wire();
    wire.send("GET /only/get HTTP/1.0\r\n\r\n");
    assert!(wire.rest().starts_with(b"HTTP/1.0 200"));
    let mut wire = server.wire();
    wire.send(b"GET /only/get HTTP/1.1\r\nhost: \xff\r\n\r\n");
    assert_eq!(wire.response().status, 400);
    // The rejection is logged like any other response.
    let _ = server.logged("status=400");
    server.stop();
}

#[test]
fn transfer_codings_other_than_chunked_are_rejected() {
    let server = Lane::Rust.serve("faulty", &[]);
    for (coding, expected) in [
        ("chunked", 200),
        ("gzip, chunked", 400),
        ("identity, chunked", 400),
    ] {
        let mut wire = server.wire();
        wire.send(format!(
            "POST /body/raw HTTP/1.1\r\nhost: a\r\ntransfer-encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        ));
        assert_eq!(wire.response().status, expected, "{coding}");
    }
    server.stop();
}

#[test]
fn options_asterisk_lists_the_methods_of_the_server() {
    let server = Lane::Rust.serve("faulty", &[]);
    let response = server.wire().ask("OPTIONS * HTTP/1.1\r\nhost: a");
    assert_eq!(response.status, 204);
    assert!(
        response
            .header("allow")
            .is_some_and(|allow| allow.contains("GET"))
    );
    assert_eq!(status(&server, "GET * HTTP/1.1\r\nhost: a"), 404);
    server.stop();
}

#[test]
fn long_targets_are_414_and_long_fields_431() {
    let server = Lane::Rust.serve("faulty", &[]);
    let target = |length: usize| format!("GET /{} HTTP/1.1\r\nhost: a", "a".repeat(length));
    assert_eq!(status(&server, &target(65_500)), 404);
    assert_eq!(status(&server, &target(65_534)), 414);
    assert_eq!(status(&server, &target(70_000)), 414);
    let field = |length: usize| {
        format!(
            "GET /only/get HTTP/1.1\r\nhost: a\r\nx-a: {}",
            "b".repeat(length)
        )
    };
    assert_eq!(status(&server, &field(60_000)), 200);
    assert_eq!(status(&server, &field(66_000)), 431);
    server.stop();
}

fn http2_cookie_fields_are_joined(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let request = || {
        let request = Request::post(format!("http://{}/request/x", server.address()));
        let request = request.header("content-type", "application/octet-stream");
        request.header("cookie", "a=1").header("cookie", "b=2")
    };
    let (status, body) = http2(&server, request().body(()).expect("a request"));
    assert_eq!(status, 200);
    let seen: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(seen["cookies"], serde_json::json!([["a", "1"], ["b", "2"]]));
    server.stop();
}

#[test]
fn long_heads_of_http2_are_431() {
    let server = Lane::Rust.serve("faulty", &[]);
    for fields in [vec![66_000], vec![30_000; 3]] {
        let mut request = Request::get(format!("http://{}/only/get", server.address()));
        for (index, length) in fields.iter().enumerate() {
            request = request.header(format!("x-{index}"), "b".repeat(*length));
        }
        let (status, _) = http2(&server, request.body(()).expect("a request"));
        assert_eq!(status, 431, "{fields:?}");
    }
    server.stop();
}

/// Sends one request over HTTP/2 with prior knowledge.
fn http2(server: &Server, request: Request<()>) -> (u16, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("an async runtime").block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address()).await;
        let stream = stream.expect("a connection");
        let (client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        let driver = tokio::spawn(connection);
        let mut client = client.ready().await.expect("a free stream");
        let (response, mut body) = client.send_request(request, false).expect("a stream");
        body.send_data(Bytes::new(), true).expect("an end");
        let (head, mut body) = response.await.expect("a response").into_parts();
        let mut bytes = Vec::new();
        while let Some(data) = body.data().await {
            bytes.extend_from_slice(&data.expect("a body"));
        }
        driver.abort();
        (head.status.as_u16(), bytes)
    })
}
