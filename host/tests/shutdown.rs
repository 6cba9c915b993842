//! Shutdown: requests in flight are finished and idle connections are closed.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use spikard_wasm_testing::Wire;

use crate::support::{Lane, on_every_lane};

on_every_lane!(requests_in_flight_are_finished);

const SLEEP: &str = "GET /sleep?ms=700 HTTP/1.1\r\nhost: a\r\n\r\n";

fn requests_in_flight_are_finished(lane: Lane) {
    for signal in ["TERM", "INT"] {
        let server = lane.serve("faulty", &[]);
        let address = server.address();
        let mut idle = server.wire();
        assert_eq!(idle.ask("GET /only/get HTTP/1.1\r\nhost: a").status, 200);
        let mut silent = server.wire();
        let mut busy = server.wire();
        busy.send(SLEEP);
        thread::sleep(Duration::from_millis(200));
        let start = Instant::now();
        server.signal(signal);
        let _ = server.logged("graceful shutdown started");
        // Idle connections are closed, and new ones are refused.
        assert!(idle.is_closed() && silent.is_closed());
        assert!(
            start.elapsed() < Duration::from_millis(450),
            "{:?}",
            start.elapsed()
        );
        assert!(refused(address), "a connection after SIG{signal}");
        let response = busy.response();
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, "slept"),
            "SIG{signal}"
        );
        assert!(busy.is_closed());
        let stopped = server.wait();
        assert_eq!(stopped.code, Some(0), "{}", stopped.log);
        assert!(
            stopped.after < Duration::from_secs(1),
            "{:?}",
            stopped.after
        );
        assert!(stopped.log.contains("stopped"), "{}", stopped.log);
        assert!(!stopped.log.contains("WARN"), "{}", stopped.log);
    }
}

/// Returns true if a connection is refused, or accepted only by the kernel and never answered.
fn refused(address: std::net::SocketAddr) -> bool {
    match TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
        Err(_) => true,
        Ok(_) => Wire::open(address).map_or(true, |mut wire| {
            wire.send("GET /only/get HTTP/1.1\r\nhost: a\r\n\r\n");
            wire.is_closed()
        }),
    }
}

#[test]
fn shutdown_without_requests_is_immediate() {
    for signal in ["TERM", "INT"] {
        let server = Lane::Rust.serve("faulty", &[]);
        let _kept: Vec<Wire> = (0..20).map(|_| server.wire()).collect();
        server.signal(signal);
        let stopped = server.wait();
        assert_eq!(stopped.code, Some(0), "{}", stopped.log);
        assert!(
            stopped.after < Duration::from_millis(500),
            "{:?}",
            stopped.after
        );
    }
}

#[test]
fn a_second_signal_aborts_requests() {
    let server = Lane::Rust.serve("faulty", &[]);
    let mut busy = server.wire();
    busy.send("GET /sleep?ms=20000 HTTP/1.1\r\nhost: a\r\n\r\n");
    thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    let _ = server.logged("graceful shutdown started");
    thread::sleep(Duration::from_millis(400));
    server.signal("TERM");
    let stopped = server.wait();
    assert!(
        stopped.after < Duration::from_secs(2),
        "{:?}",
        stopped.after
    );
    assert!(
        stopped.log.contains("stopped with requests in flight"),
        "{}",
        stopped.log
    );
    assert!(busy.is_closed());
}

/// `timeout` and npm forward a signal that the terminal has sent to the process too.
#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let server = Lane::Rust.serve("faulty", &[]);
    let mut busy = server.wire();
    busy.send("GET /sleep?ms=800 HTTP/1.1\r\nhost: a\r\n\r\n");
    thread::sleep(Duration::from_millis(200));
    server.signal("TERM");
    let _ = server.logged("graceful shutdown started");
    server.signal("TERM");
    assert_eq!(busy.response().status, 200);
    let stopped = server.wait();
    assert!(
        !stopped.log.contains("stopped with requests in flight"),
        "{}",
        stopped.log
    );
}

#[test]
fn a_spinning_guest_is_ended_at_its_deadline() {
    let server = Lane::Rust.serve("faulty", &["--timeout", "600ms"]);
    let mut busy = server.wire();
    busy.send("GET /spin HTTP/1.1\r\nhost: a\r\n\r\n");
    thread::sleep(Duration::from_millis(100));
    server.signal("TERM");
    assert_eq!(busy.response().status, 504);
    let stopped = server.wait();
    assert_eq!(stopped.code, Some(0), "{}", stopped.log);
}
