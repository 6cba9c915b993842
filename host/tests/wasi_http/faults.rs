//! Guests that trap, spin or are late: only their own requests fail.

use std::thread;
use std::time::{Duration, Instant};

use super::{Guest, on_every_guest};

on_every_guest!(
    a_trap_is_500_and_the_next_request_is_served,
    a_guest_that_spins_is_504,
    a_guest_that_waits_too_long_is_cut_off,
    a_disconnected_client_ends_its_call,
    a_body_above_the_limit_is_413,
);

fn a_trap_is_500_and_the_next_request_is_served(guest: Guest) {
    for policy in ["fresh", "reuse"] {
        if guest == Guest::Js && policy == "reuse" {
            continue;
        }
        let server = guest.serve(&["--instances", policy]);
        let client = server.client();
        for _ in 0..3 {
            let response = client.get("/trap");
            // The JavaScript engine catches the exception, replies 500 and exits before it
            // finishes the body, so the host replaces the reply.
            let problem = response.problem(500);
            // The cause appears only in the log.
            assert!(!problem.to_string().contains("asked"), "{problem}");
            assert_eq!(client.get("/hello").text(), "hello");
        }
        let _ = server.logged("path=\"/trap\" status=500");
        let said = server.logged("asked to trap");
        assert!(said.contains("WARN guest:"), "{said}");
        if guest != Guest::Js {
            let trapped = server.logged("wasm `unreachable` instruction executed");
            assert!(!trapped.is_empty());
        }
    }
}

fn a_guest_that_spins_is_504(guest: Guest) {
    let server = guest.serve(&["--timeout", "500ms"]);
    let client = server.client();
    assert_eq!(client.get("/hello").status, 200);
    let start = Instant::now();
    let spinning = {
        let client = server.client();
        thread::spawn(move || client.get("/spin"))
    };
    // The host serves other requests meanwhile.
    thread::sleep(Duration::from_millis(100));
    let other = Instant::now();
    assert_eq!(client.get("/hello").text(), "hello");
    let others = other.elapsed();
    let response = spinning.join().expect("an answer");
    let _ = response.problem(504);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(480), "{took:?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    // The other request needs a new instance on the same core.
    assert!(others < Duration::from_secs(2), "{others:?}");
    let late = server.logged("exceeded its deadline of 500ms");
    assert!(late.contains("ERROR"), "{late}");
    assert_eq!(client.get("/hello").status, 200);
}

/// The head and the first piece are in time but the second is not, so the reply ends visibly
/// incomplete.
fn a_guest_that_waits_too_long_is_cut_off(guest: Guest) {
    let server = guest.serve(&["--timeout", "200ms"]);
    // Do not count the time of the first instance.
    assert!([200, 504].contains(&server.client().get("/hello").status));
    let mut wire = server.wire();
    let start = Instant::now();
    wire.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = wire.head_response();
    assert_eq!(head.status, 200);
    assert_eq!(wire.chunk().as_deref(), Some(&b"first\n"[..]));
    assert!(wire.try_chunk().is_err(), "the reply is whole");
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    let _ = server.logged("200ms; the response head was already sent");
    assert_eq!(server.client().get("/hello").status, 200);
}

fn a_disconnected_client_ends_its_call(guest: Guest) {
    let server = guest.serve(&["--max-instances", "1", "--timeout", "10m"]);
    for _ in 0..2 {
        let mut wire = server.wire();
        wire.send("GET /spin HTTP/1.1\r\nhost: a\r\n\r\n");
        thread::sleep(Duration::from_millis(200));
        drop(wire);
        let start = Instant::now();
        assert_eq!(server.client().get("/hello").status, 200);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    let left = server.logged("the client closed its connection before the response");
    assert!(left.contains("path=\"/spin\""), "{left}");
}

fn a_body_above_the_limit_is_413(guest: Guest) {
    let server = guest.serve(&["--body-limit", "100KiB"]);
    let client = server.client();
    let declared = client.post("/count", "text/plain", &vec![b'a'; 102_401]);
    let _ = declared.problem(413);
    let fits = client.post("/count", "text/plain", &vec![b'a'; 102_400]);
    assert_eq!(fits.text(), "102400");
    // A body without a declared length.
    let mut wire = server.wire();
    wire.send("POST /count HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..11 {
        wire.send(format!("2800\r\n{}\r\n", "a".repeat(0x2800)));
    }
    assert_eq!(wire.response().status, 413);
    assert_eq!(client.get("/hello").status, 200);
}
