//! Instances that handle several requests at once.

use std::thread;
use std::time::{Duration, Instant};

use spikard_wasm_testing::guest;

use super::{all_at_once, leave, serve, wait_for_counter};
use crate::support::{Lane, host};

#[test]
fn requests_share_an_instance_up_to_the_limit() {
    let server = serve("shared", &["--shared-requests", "4"]);
    let paths = vec!["/requests/300".to_owned(); 8];
    let mut counts: Vec<String> = all_at_once(&server, &paths)
        .into_iter()
        .map(|(_, count)| count)
        .collect();
    counts.sort();
    // Two instances, four requests in each.
    assert_eq!(counts, ["4"; 8]);
    server.stop();
}

#[test]
fn a_full_pool_queues() {
    let limits = ["--shared-requests", "1", "--max-instances", "1"];
    let server = serve("shared", &limits);
    let start = Instant::now();
    for (status, _) in all_at_once(&server, &vec!["/sleep/50".to_owned(); 6]) {
        assert_eq!(status, 200);
    }
    assert!(start.elapsed() >= Duration::from_millis(300));
    let server = serve("shared", &[&limits[..], &["--queue", "0"]].concat());
    let answers = all_at_once(&server, &vec!["/sleep/300".to_owned(); 3]);
    let refused = answers.iter().filter(|(status, _)| *status == 503).count();
    assert_eq!(refused, 2, "{answers:?}");
    server.stop();
}

#[test]
fn one_request_can_wait_for_another() {
    let server = serve("shared", &[]);
    let client = server.client();
    let gate = thread::spawn(move || client.get("/gate").text());
    thread::sleep(Duration::from_millis(100));
    assert!(!gate.is_finished());
    assert_eq!(server.client().get("/open").text(), "opened");
    assert_eq!(gate.join().expect("an answer"), "passed");
    server.stop();
}

#[test]
fn of_two_requests_that_wait_for_the_same_one_is_cancelled() {
    let server = serve("shared", &[]);
    let client = server.client();
    let gate = thread::spawn(move || client.get("/gate").text());
    leave(&server, "/gate", Duration::from_millis(50));
    assert_eq!(server.client().get("/open").text(), "opened");
    assert_eq!(gate.join().expect("an answer"), "passed");
    server.stop();
}

#[test]
fn a_trap_ends_the_requests_of_its_instance() {
    let server = serve("shared", &[]);
    let mut paths = vec!["/sleep/1000".to_owned(); 4];
    paths.push("/trap/200".to_owned());
    for (status, _) in all_at_once(&server, &paths) {
        assert_eq!(status, 500);
    }
    let _ = server.logged("it trapped on purpose");
    let _ = server.logged("requests of the same instance were aborted");
    assert_eq!(server.client().get("/sleep/1").status, 200);
    server.stop();
}

#[test]
fn a_request_that_computes_without_end_loses_the_instance() {
    let server = serve("shared", &["--shared-cpu", "200ms"]);
    let start = Instant::now();
    assert_eq!(server.client().get("/spin/60000").status, 500);
    assert!(start.elapsed() < Duration::from_secs(20));
    let _ = server.logged("a call computed for longer than 200ms, the limit `shared_cpu`");
    assert_eq!(server.client().get("/sleep/1").status, 200);
    server.stop();
}

#[test]
fn blocking_operations_are_refused() {
    let server = serve("shared", &[]);
    assert_eq!(server.client().get("/block/50").status, 500);
    let _ = server.logged("the blocking operation `sleep` would stop all requests of its instance");
    server.stop();
}

#[test]
fn cancelled_requests_leave_the_others_alone() {
    let server = serve("shared", &[]);
    let client = server.client();
    let other = thread::spawn(move || client.get("/sleep/1500").status);
    for _ in 0..20 {
        // Long enough that the call has begun, also on a busy machine.
        leave(&server, "/cleanup/5000", Duration::from_millis(50));
    }
    wait_for_counter(&server, "cleaned", "20");
    assert_eq!(other.join().expect("an answer"), 200);
    server.stop();
}

#[test]
fn retired_instances_finish_their_requests() {
    let server = serve("shared", &["--max-requests", "4"]);
    for (status, _) in all_at_once(&server, &vec!["/sleep/100".to_owned(); 40]) {
        assert_eq!(status, 200);
    }
    server.stop();
}

#[test]
fn components_that_cannot_wait_are_not_loaded() {
    let old = guest("quickjs-earlier");
    let started = host()
        .serve(Some(&old))
        .args(["--instances", "shared"])
        .try_start();
    let error = started.expect_err("a refusal");
    assert!(
        error.contains("has the instance policy `shared`"),
        "{error}"
    );
}

#[test]
fn handlers_of_every_lane_share_instances() {
    for lane in [
        Lane::Rust,
        Lane::StarlingMonkey,
        Lane::QuickJs,
        Lane::Python,
    ] {
        let server = lane.serve("hello", &["--instances", "shared"]);
        let response = server.client().get("/hello/Ann");
        assert_eq!(response.status, 200, "{lane:?}: {}", response.text());
        // The Rust app has no route that waits.
        if lane == Lane::Rust {
            server.stop();
            continue;
        }
        let paths = vec!["/slow".to_owned(); 4];
        for (status, text) in all_at_once(&server, &paths) {
            assert_eq!(status, 200, "{lane:?}: {text}");
        }
        server.stop();
    }
}
