//! Sharing of instances: with 0.2, requests share one only if configured, one after another; with
//! 0.3, they share one concurrently.

use std::thread;
use std::time::{Duration, Instant};

use super::{Guest, on_every_guest};

on_every_guest!(an_instance_is_reused_or_fresh);

fn an_instance_is_reused_or_fresh(guest: Guest) {
    let states = |args: &[&str]| {
        let server = guest.serve(args);
        let client = server.client();
        [(); 3].map(|()| client.get("/state").text())
    };
    let (fresh, reused) = (["1"; 3], ["1", "2", "3"]);
    assert_eq!(states(&["--instances", "fresh"]), fresh);
    if guest != Guest::Js {
        assert_eq!(states(&["--instances", "reuse"]), reused);
    }
    let default = match guest {
        Guest::P3 => reused,
        _ => fresh,
    };
    assert_eq!(states(&[]), default);
}

/// An instance of StarlingMonkey handles one fetch event: the engine rejects a second one and
/// returns without a reply. The host discards the instance and continues.
#[test]
fn an_instance_without_a_reply_is_not_reused() {
    let server = Guest::Js.serve(&["--instances", "reuse"]);
    let client = server.client();
    for _ in 0..3 {
        assert_eq!(client.get("/state").text(), "1");
        let _ = client.get("/state").problem(500);
    }
    let said = server.logged("returned without one");
    assert!(said.contains("ERROR"), "{said}");
}

/// Concurrent replies with a pause: an instance of 0.3 interleaves them, one of 0.2 handles them
/// one after another.
#[test]
fn only_0_3_requests_share_an_instance_concurrently() {
    for (guest, together) in [(Guest::P3, true), (Guest::Raw, false)] {
        let args = ["--instances", "reuse", "--max-instances", "1"];
        let server = guest.serve(&args);
        assert_eq!(server.client().get("/state").text(), "1");
        let start = Instant::now();
        let asked = [(); 4].map(|()| {
            let client = server.client();
            thread::spawn(move || client.get("/stream").text())
        });
        for answer in asked {
            assert_eq!(answer.join().expect("an answer"), "first\nsecond\n");
        }
        let took = start.elapsed();
        match together {
            true => assert!(took < Duration::from_millis(900), "{took:?}"),
            false => assert!(took >= Duration::from_millis(1200), "{took:?}"),
        }
        assert_eq!(server.client().get("/state").text(), "6");
    }
}

/// A trap ends the requests that share the instance; the next request gets a new one.
#[test]
fn a_trap_ends_the_requests_that_share_the_instance() {
    let server = Guest::P3.serve(&["--max-instances", "1"]);
    assert_eq!(server.client().get("/state").text(), "1");
    let mut wire = server.wire();
    wire.send("GET /stream HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(wire.head_response().status, 200);
    assert_eq!(wire.chunk().as_deref(), Some(&b"first\n"[..]));
    let _ = server.client().get("/trap").problem(500);
    assert!(wire.try_chunk().is_err(), "the reply is whole");
    assert_eq!(server.client().get("/state").text(), "1");
}
