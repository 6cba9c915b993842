//! The limit on requests in flight.

use std::thread;
use std::time::Duration;

use super::{GET, wait_until};
use crate::support::Lane;

#[test]
fn a_request_above_the_limit_is_503() {
    let server = Lane::Rust.serve("faulty", &["--max-in-flight", "2", "--workers", "2"]);
    let mut busy: Vec<_> = (0..2).map(|_| server.wire()).collect();
    for wire in &mut busy {
        wire.send("GET /sleep?ms=2000 HTTP/1.1\r\nhost: a\r\n\r\n");
    }
    thread::sleep(Duration::from_millis(300));
    let mut late = server.wire();
    let response = late.ask(GET);
    assert_eq!(response.status, 503, "{}", response.text());
    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
    // The rejection is a normal response: it is logged, and the connection stays open.
    let _ = server.logged("status=503");
    let _ = server.logged("too many requests in flight; rejecting with 503");
    for wire in &mut busy {
        assert_eq!(wire.response().status, 200);
    }
    assert_eq!(late.ask(GET).status, 200);
    server.stop();
}

#[test]
fn a_disconnected_client_frees_its_slot() {
    let server = Lane::Rust.serve("faulty", &["--max-in-flight", "2", "--workers", "1"]);
    for _ in 0..3 {
        let mut busy: Vec<_> = (0..2).map(|_| server.wire()).collect();
        for wire in &mut busy {
            wire.send("GET /sleep?ms=20000 HTTP/1.1\r\nhost: a\r\n\r\n");
        }
        wait_until("both are in flight", || {
            server.client().get("/only/get").status == 503
        });
        drop(busy);
        wait_until("there is room", || {
            server.client().get("/only/get").status == 200
        });
    }
    server.stop();
}
