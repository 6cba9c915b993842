//! Timeouts for slow clients: the head, the body, idle connections, and reading responses.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::{GET, assert_took};
use crate::support::Lane;

const LIMIT: Duration = Duration::from_millis(400);

#[test]
fn a_slow_head_times_out() {
    let server = Lane::Rust.serve(
        "faulty",
        &["--head-timeout", "400ms", "--idle-timeout", "10s"],
    );
    // A silent client and one that sends one byte at a time: bytes do not extend the timeout.
    let mut silent = server.wire();
    let start = Instant::now();
    assert!(silent.is_closed());
    assert_took(start, LIMIT);
    let mut slow = server.wire();
    let start = Instant::now();
    let mut bytes = GET.bytes().cycle();
    while start.elapsed() < LIMIT - Duration::from_millis(100) {
        slow.send([bytes.next().unwrap_or(b'a')]);
        thread::sleep(Duration::from_millis(50));
    }
    assert!(slow.is_closed());
    assert_took(start, LIMIT);
    // An idle connection waits longer, until the next head begins.
    let mut kept = server.wire();
    assert_eq!(kept.ask(GET).status, 200);
    thread::sleep(2 * LIMIT);
    assert_eq!(kept.ask(GET).status, 200);
    thread::sleep(LIMIT / 2);
    kept.send("GET /on");
    let start = Instant::now();
    assert!(kept.is_closed());
    assert_took(start, LIMIT);
    // A head that arrives in time is served, even in pieces.
    let mut pieces = server.wire();
    for piece in [GET, "\r\nx-a: b", "\r\n\r\n"] {
        pieces.send(piece);
        thread::sleep(LIMIT / 10);
    }
    assert_eq!(pieces.response().status, 200);
    server.stop();
}

#[test]
fn an_idle_connection_is_closed() {
    let server = Lane::Rust.serve(
        "faulty",
        &[
            "--idle-timeout",
            "400ms",
            "--head-timeout",
            "10s",
            "--log-level",
            "debug",
        ],
    );
    let mut idle = server.wire();
    assert_eq!(idle.ask(GET).status, 200);
    let start = Instant::now();
    assert!(idle.is_closed());
    assert_took(start, LIMIT);
    let _ = server.logged("idle timeout; connection closed");
    // Time in the handler is not idle time.
    let mut busy = server.wire();
    assert_eq!(
        busy.ask("GET /sleep?ms=900 HTTP/1.1\r\nhost: a").status,
        200
    );
    assert_eq!(busy.ask(GET).status, 200);
    // A head that has begun has its own timeout.
    busy.send("GET /only/get HTTP/1.1\r\n");
    thread::sleep(2 * LIMIT);
    assert_eq!(busy.ask("host: a").status, 200);
    server.stop();
}

#[test]
fn an_idle_http2_connection_is_closed() {
    let server = Lane::Rust.serve(
        "faulty",
        &["--idle-timeout", "400ms", "--head-timeout", "10s"],
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("an async runtime");
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address())
            .await
            .expect("a connection");
        let (client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        let driver = tokio::spawn(connection);
        let mut client = client.ready().await.expect("a free stream");
        let request = http::Request::get(format!("http://{}/sleep?ms=900", server.address()));
        let (response, _) = client
            .send_request(request.body(()).expect("a request"), true)
            .expect("a stream");
        // The request takes longer than the idle timeout but is not idle.
        assert_eq!(response.await.expect("a response").status(), 200);
        let start = Instant::now();
        let _ = tokio::time::timeout(Duration::from_secs(8), driver).await;
        assert_took(start, LIMIT);
    });
    server.stop();
}

#[test]
fn a_body_that_does_not_arrive_is_408() {
    let server = Lane::Rust.serve("faulty", &["--body-timeout", "400ms"]);
    let head = "POST /body/raw HTTP/1.1\r\nhost: a\r\ncontent-type: application/octet-stream\r\n";
    let mut wire = server.wire();
    let start = Instant::now();
    wire.send(format!("{head}content-length: 5\r\n\r\nab"));
    let response = wire.response();
    assert_took(start, LIMIT);
    assert_eq!(response.status, 408);
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(response.header("connection"), Some("close"));
    assert!(wire.is_closed());
    server.stop();
}

#[test]
fn requests_in_flight_are_aborted_after_the_drain_timeout() {
    let server = Lane::Rust.serve("faulty", &["--drain-timeout", "400ms"]);
    let mut busy = server.wire();
    busy.send("GET /sleep?ms=20000 HTTP/1.1\r\nhost: a\r\n\r\n");
    thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    let stopped = server.wait();
    assert!(
        stopped.after >= LIMIT - Duration::from_millis(50),
        "{:?}",
        stopped.after
    );
    assert!(
        stopped.after < Duration::from_secs(6),
        "{:?}",
        stopped.after
    );
    assert!(
        stopped.log.contains("stopped with requests in flight"),
        "{}",
        stopped.log
    );
}

/// A response that is larger than all socket buffers.
const LONG: usize = 32 << 20;

#[test]
fn a_slow_reader_is_served_and_a_stalled_one_times_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("limits.toml");
    let text = "[limits]\nidle_timeout = \"600ms\"\n[routes.raw]\nbody_limit = \"64MiB\"\n";
    std::fs::write(&file, text).expect("a file");
    let file = file.to_str().expect("a path");
    let server = Lane::Rust.serve("faulty", &["--config", file]);
    let ask = || {
        let mut stream = TcpStream::connect(server.address()).expect("a connection");
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).expect("a limit");
        let head = format!(
            "POST /body/raw HTTP/1.1\r\nhost: a\r\ncontent-type: application/octet-stream\r\ncontent-length: {LONG}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("a head");
        stream.write_all(&vec![7; LONG]).expect("a body");
        stream
    };
    // A quarter of a second between two pieces, two seconds in total.
    let mut slow = ask();
    let mut piece = vec![0; LONG / 8];
    for _ in 0..8 {
        slow.read_exact(&mut piece).expect("the response goes on");
        thread::sleep(Duration::from_millis(250));
    }
    let mut stopped = ask();
    stopped
        .read_exact(&mut piece[..1000])
        .expect("the response begins");
    thread::sleep(Duration::from_secs(3));
    let mut rest = Vec::new();
    let ended = stopped.read_to_end(&mut rest);
    assert!(ended.is_err() || rest.len() < LONG - 1000, "{ended:?}");
    server.stop();
}
