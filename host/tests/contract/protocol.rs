//! HTTP/1.1: keep-alive, pipelining, and `100 Continue`.

use crate::support::Lane;

const COUNT: &str = "GET /only/get HTTP/1.1\r\nhost: a";

#[test]
fn connections_are_kept_alive() {
    let server = Lane::Rust.serve("faulty", &[]);
    let mut wire = server.wire();
    for _ in 0..5 {
        let response = wire.ask(COUNT);
        assert_eq!((response.status, response.text().as_str()), (200, "got"));
    }
    // Errors keep the connection open too.
    for (target, status) in [
        ("/nothing", 404),
        ("/throw", 500),
        ("/end", 500),
        ("/reply/none", 204),
    ] {
        let response = wire.ask(&format!("GET {target} HTTP/1.1\r\nhost: a"));
        assert_eq!(response.status, status, "{target}");
    }
    assert_eq!(
        wire.ask(&format!("{COUNT}\r\nconnection: close")).status,
        200
    );
    assert!(wire.is_closed());
    server.stop();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Lane::Rust.serve("faulty", &["--workers", "1"]);
    let mut wire = server.wire();
    let sleep = "GET /sleep?ms=50 HTTP/1.1\r\nhost: a\r\n\r\n";
    let post = "POST /body/text HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nthird";
    wire.send(format!("{sleep}{COUNT}\r\n\r\n{post}{COUNT}\r\n\r\n"));
    let answers: Vec<String> = (0..4).map(|_| wire.response().text()).collect();
    assert_eq!(answers, ["slept", "got", "third", "got"]);
    server.stop();
}

#[test]
fn expect_100_continue_is_answered() {
    let server = Lane::Rust.serve("faulty", &[]);
    let head = "host: a\r\ncontent-type: text/plain\r\nexpect: 100-continue\r\n";
    let mut wire = server.wire();
    wire.send(format!(
        "POST /body/text HTTP/1.1\r\n{head}content-length: 4\r\n\r\n"
    ));
    assert_eq!(wire.response().status, 100);
    wire.send("body");
    let response = wire.response();
    assert_eq!((response.status, response.text().as_str()), (200, "body"));
    // For a rejected body, the host does not send `100 Continue`.
    for (target, length, status) in [("/body/small", 17, 413), ("/nothing", 4, 404)] {
        let mut wire = server.wire();
        wire.send(format!(
            "POST {target} HTTP/1.1\r\n{head}content-length: {length}\r\n\r\n"
        ));
        assert_eq!(wire.response().status, status, "{target}");
    }
    server.stop();
}

#[test]
fn invalid_http_closes_only_its_connection() {
    let server = Lane::Rust.serve("faulty", &["--workers", "1"]);
    let mut kept = server.wire();
    assert_eq!(kept.ask(COUNT).status, 200);
    for bytes in [
        "nonsense\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\na b: c\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n",
        "POST /body/raw HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
        "POST /body/raw HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST /body/raw HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nZ\r\n",
    ] {
        let mut wire = server.wire();
        wire.send(bytes);
        wire.finish();
        assert!(wire.is_closed_or(400), "{bytes:?}");
    }
    assert_eq!(kept.ask(COUNT).status, 200);
    let log = server.stop().log;
    assert!(!log.contains("panicked"), "{log}");
}
