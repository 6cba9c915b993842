//! Creation, reuse and replacement of instances.

use std::thread;
use std::time::Duration;

use super::{CREATED, IDLE, LEASED, MEMORY, PREPARED, figure, recycled, refused, wait_for_figure};
use crate::support::{Lane, on_every_lane};

on_every_lane!(fresh_instances_are_prepared_on_demand);

/// Starts concurrent requests that sleep in the guest.
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
fn an_instance_is_replaced_after_a_random_number_of_requests() {
    let args = ["--workers", "1", "--max-requests", "8"];
    let server = Lane::Rust.serve("faulty", &args);
    let mut counts = Vec::new();
    for _ in 0..100 {
        let count = server.client().get("/count").json()["calls"].as_u64();
        counts.push(count.expect("a number"));
    }
    // The last request of each instance has its total.
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
    // The very last request may have ended another instance.
    let ended = recycled(&server, "requests") - lives.len() as f64;
    assert!((0.0..=1.0).contains(&ended), "{ended} more");
    server.stop();
}

#[test]
fn idle_instances_are_dropped_except_the_last() {
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
    wait_for_figure(&server, IDLE, 1.0);
    assert_eq!(recycled(&server, "idle"), 5.0);
    assert_eq!(figure(&server, LEASED), 0.0);
    let memory = figure(&server, MEMORY);
    assert!(
        (65_536.0..4e6).contains(&memory),
        "of one instance: {memory}"
    );
    // The remaining instance is the one that served first.
    assert_eq!(server.client().get("/count").status, 200);
    assert_eq!(figure(&server, CREATED), 6.0);
    server.stop();
}

fn fresh_instances_are_prepared_on_demand(lane: Lane) {
    let args = ["--workers", "1", "--instances", "fresh", "--prepared", "3"];
    let server = lane.serve("faulty", &args);
    wait_for_figure(&server, PREPARED, 1.0);
    for _ in 0..5 {
        assert_eq!(server.client().get("/count").json()["calls"], 1);
    }
    // The number of prepared instances follows the peak of concurrent requests, up to the maximum.
    let statuses = sleeping(&server, 8, 400)
        .into_iter()
        .map(thread::JoinHandle::join);
    assert!(
        statuses
            .into_iter()
            .all(|status| status.is_ok_and(|s| s == 200))
    );
    wait_for_figure(&server, PREPARED, 1.0);
    wait_for_figure(&server, LEASED, 0.0);
    assert_eq!(recycled(&server, "fresh"), 13.0);
    assert_eq!(figure(&server, IDLE), 0.0);
    server.stop();
}

#[test]
fn preparation_can_be_disabled() {
    let args = ["--workers", "1", "--instances", "fresh", "--prepared", "0"];
    let server = Lane::Rust.serve("faulty", &args);
    for _ in 0..3 {
        assert_eq!(server.client().get("/count").json()["calls"], 1);
    }
    wait_for_figure(&server, PREPARED, 0.0);
    server.stop();
}

#[test]
fn failed_instances_are_counted_by_reason() {
    let args = ["--workers", "1", "--timeout", "200ms"];
    let server = Lane::Rust.serve("faulty", &args);
    let _ = server.client().get("/end").problem(500);
    wait_for_figure(
        &server,
        r#"spikard_wasm_instances_recycled_total{reason="trap"}"#,
        1.0,
    );
    let _ = server.client().get("/spin").problem(504);
    let _ = server.client().get("/sleep?ms=5000").problem(504);
    assert_eq!(recycled(&server, "deadline"), 2.0);
    let mut leaves = server.wire();
    leaves.send("GET /sleep?ms=5000 HTTP/1.1\r\nhost: a\r\n\r\n");
    wait_for_figure(&server, LEASED, 1.0);
    drop(leaves);
    wait_for_figure(
        &server,
        r#"spikard_wasm_instances_recycled_total{reason="cancelled"}"#,
        1.0,
    );
    wait_for_figure(&server, LEASED, 0.0);
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
    wait_for_figure(&server, LEASED, 1.0);
    let client = server.client();
    let waits = thread::spawn(move || client.get("/count"));
    wait_for_figure(&server, "spikard_wasm_queue_depth", 1.0);
    // The queue is full.
    let response = server.client().get("/count");
    let document = response.problem(503);
    assert_eq!(
        document["type"],
        "https://spikard.dev/errors/service-unavailable"
    );
    assert_eq!(response.header("retry-after"), "1");
    assert_eq!(refused(&server, "queue"), 1.0);
    // The queued request times out.
    let response = waits.join().expect("an answer");
    let _ = response.problem(503);
    assert_eq!(response.header("retry-after"), "1");
    assert_eq!(refused(&server, "queue_time"), 1.0);
    wait_for_figure(&server, "spikard_wasm_queue_depth", 0.0);
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
fn queued_requests_are_served_in_order() {
    let args = ["--workers", "1", "--max-instances", "1"];
    let server = Lane::Rust.serve("faulty", &args);
    assert_eq!(server.client().get("/count").status, 200);
    let busy = sleeping(&server, 1, 500);
    wait_for_figure(&server, LEASED, 1.0);
    let mut waiting = Vec::new();
    for place in 1..=5_u64 {
        let client = server.client();
        waiting.push(thread::spawn(move || {
            client.get("/count").json()["calls"].as_u64()
        }));
        wait_for_figure(&server, "spikard_wasm_queue_depth", place as f64);
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
fn an_idle_instance_is_dropped_for_a_fresh_one() {
    // One worker with at most one instance serves both policies.
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
