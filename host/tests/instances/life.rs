//! When instances are made, kept and replaced.

use std::thread;
use std::time::Duration;

use super::{CREATED, IDLE, LEASED, MEMORY, PREPARED, becomes, figure, recycled, refused};
use crate::support::{Lane, on_every_lane};

on_every_lane!(fresh);

/// Begins requests that sleep in the guest, all at once.
fn sleeping(
    server: &spikard_wasm_testing::Server,
    count: usize,
    ms: u32,
) -> Vec<thread::JoinHandle<u16>> {
    let sleep = |_| {
        let client = server.client();
        thread::spawn(move || client.get(&format!("/sleep?ms={ms}")).status)
    };
    (0..count).map(sleep).collect()
}

#[test]
fn an_instance_serves_so_many_requests_more_or_less() {
    let args = ["--workers", "1", "--max-requests", "8"];
    let server = Lane::Rust.serve("faulty", &args);
    let mut counts = Vec::new();
    for _ in 0..100 {
        let count = server.client().get("/count").json()["calls"].as_u64();
        counts.push(count.expect("a number"));
    }
    // The last request of each instance says how many it served.
    let lives: Vec<u64> = counts
        .windows(2)
        .filter(|pair| pair[1] == 1)
        .map(|pair| pair[0])
        .collect();
    assert!(lives.len() >= 9, "{lives:?}");
    assert!(
        lives.iter().all(|life| (6..=10).contains(life)),
        "{lives:?}"
    );
    assert!(
        lives.iter().any(|life| *life != lives[0]),
        "not at random: {lives:?}"
    );
    // The last request of all may have ended one more.
    let ended = recycled(&server, "requests") - lives.len() as f64;
    assert!((0.0..=1.0).contains(&ended), "{ended} more");
    server.stop();
}

#[test]
fn an_instance_that_is_idle_goes_unless_it_is_the_last() {
    let args = ["--workers", "1", "--instance-idle", "300ms"];
    let server = Lane::Rust.serve("faulty", &args);
    let statuses = sleeping(&server, 6, 200)
        .into_iter()
        .map(thread::JoinHandle::join);
    assert!(
        statuses
            .into_iter()
            .all(|status| status.is_ok_and(|s| s == 200))
    );
    assert_eq!(figure(&server, CREATED), 6.0);
    becomes(&server, IDLE, 1.0);
    assert_eq!(recycled(&server, "idle"), 5.0);
    assert_eq!(figure(&server, LEASED), 0.0);
    let memory = figure(&server, MEMORY);
    assert!(
        (65_536.0..4e6).contains(&memory),
        "of one instance: {memory}"
    );
    // The last is the one that served first.
    assert_eq!(server.client().get("/count").status, 200);
    assert_eq!(figure(&server, CREATED), 6.0);
    server.stop();
}

fn fresh(lane: Lane) {
    let args = ["--workers", "1", "--instances", "fresh", "--prepared", "3"];
    let server = lane.serve("faulty", &args);
    becomes(&server, PREPARED, 1.0);
    for _ in 0..5 {
        assert_eq!(server.client().get("/count").json()["calls"], 1);
    }
    // What is prepared follows what was asked for at once, up to the most there may be.
    let statuses = sleeping(&server, 8, 400)
        .into_iter()
        .map(thread::JoinHandle::join);
    assert!(
        statuses
            .into_iter()
            .all(|status| status.is_ok_and(|s| s == 200))
    );
    becomes(&server, PREPARED, 1.0);
    becomes(&server, LEASED, 0.0);
    assert_eq!(recycled(&server, "fresh"), 13.0);
    assert_eq!(figure(&server, IDLE), 0.0);
    server.stop();
}

#[test]
fn nothing_is_prepared_where_nothing_may_be() {
    let args = ["--workers", "1", "--instances", "fresh", "--prepared", "0"];
    let server = Lane::Rust.serve("faulty", &args);
    for _ in 0..3 {
        assert_eq!(server.client().get("/count").json()["calls"], 1);
    }
    becomes(&server, PREPARED, 0.0);
    server.stop();
}

#[test]
fn an_instance_that_ended_badly_is_counted_by_how() {
    let args = ["--workers", "1", "--timeout", "200ms"];
    let server = Lane::Rust.serve("faulty", &args);
    let _ = server.client().get("/end").problem(500);
    becomes(
        &server,
        r#"spikard_wasm_instances_recycled_total{reason="trap"}"#,
        1.0,
    );
    let _ = server.client().get("/spin").problem(504);
    let _ = server.client().get("/sleep?ms=5000").problem(504);
    assert_eq!(recycled(&server, "deadline"), 2.0);
    let mut leaves = server.wire();
    leaves.send("GET /sleep?ms=5000 HTTP/1.1\r\nhost: a\r\n\r\n");
    becomes(&server, LEASED, 1.0);
    drop(leaves);
    becomes(
        &server,
        r#"spikard_wasm_instances_recycled_total{reason="cancelled"}"#,
        1.0,
    );
    becomes(&server, LEASED, 0.0);
    server.stop();
}

#[test]
fn the_queue_is_bounded_in_length_and_time() {
    let args = [
        "--workers",
        "1",
        "--max-instances",
        "1",
        "--queue",
        "1",
        "--queue-time",
        "400ms",
    ];
    let server = Lane::Rust.serve("faulty", &args);
    let busy = sleeping(&server, 1, 1500);
    becomes(&server, LEASED, 1.0);
    let client = server.client();
    let waits = thread::spawn(move || client.get("/count"));
    becomes(&server, "spikard_wasm_queue_depth", 1.0);
    // The queue is full.
    let response = server.client().get("/count");
    let document = response.problem(503);
    assert_eq!(
        document["type"],
        "https://spikard.dev/errors/service-unavailable"
    );
    assert_eq!(response.header("retry-after"), "1");
    assert_eq!(refused(&server, "queue"), 1.0);
    // And the one that waits does so in vain.
    let response = waits.join().expect("an answer");
    let _ = response.problem(503);
    assert_eq!(response.header("retry-after"), "1");
    assert_eq!(refused(&server, "queue_time"), 1.0);
    becomes(&server, "spikard_wasm_queue_depth", 0.0);
    for status in busy {
        assert_eq!(status.join().expect("an answer"), 200);
    }
    let log = server.stop().log;
    assert!(
        log.contains("the queue for an instance is full: 1 calls wait, the limit `queue`"),
        "{log}"
    );
    assert!(
        log.contains("no instance became available within 400ms"),
        "{log}"
    );
}

#[test]
fn requests_are_served_in_the_order_they_came() {
    let args = ["--workers", "1", "--max-instances", "1"];
    let server = Lane::Rust.serve("faulty", &args);
    assert_eq!(server.client().get("/count").status, 200);
    let busy = sleeping(&server, 1, 500);
    becomes(&server, LEASED, 1.0);
    let mut waiting = Vec::new();
    for place in 1..=5_u64 {
        let client = server.client();
        waiting.push(thread::spawn(move || {
            client.get("/count").json()["calls"].as_u64()
        }));
        becomes(&server, "spikard_wasm_queue_depth", place as f64);
    }
    let first = waiting
        .remove(0)
        .join()
        .expect("an answer")
        .expect("a number");
    for (place, next) in waiting.into_iter().enumerate() {
        let count = next.join().expect("an answer");
        assert_eq!(count, Some(first + 1 + place as u64));
    }
    for status in busy {
        assert_eq!(status.join().expect("an answer"), 200);
    }
    server.stop();
}

#[test]
fn an_idle_instance_makes_room_for_a_fresh_one() {
    // Both policies in one worker that may have one instance at a time.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("spikard.toml");
    std::fs::write(&file, "[routes.end]\ninstances = \"fresh\"\n").expect("a file");
    let file = file.display().to_string();
    let args = ["--workers", "1", "--max-instances", "1", "--config", &file];
    let server = Lane::Rust.serve("faulty", &args);
    for _ in 0..3 {
        assert_eq!(server.client().get("/count").status, 200);
        let _ = server.client().get("/end").problem(500);
    }
    assert!(recycled(&server, "room") >= 1.0);
    thread::sleep(Duration::from_millis(50));
    assert_eq!(server.client().get("/count").status, 200);
    server.stop();
}
