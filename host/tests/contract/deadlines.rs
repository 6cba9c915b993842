//! Deadlines end handlers that spin, and waiting handlers do not block others.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Lane, on_every_lane};

on_every_lane!(a_handler_that_spins, handlers_that_wait_run_concurrently);

/// Maximum latency of a request while another one spins on the same worker: a few epoch ticks of
/// 2 ms, on a machine that also runs other processes.
const MAX_LATENCY: Duration = Duration::from_millis(150);

fn a_handler_that_spins(lane: Lane) {
    let server = lane.serve("faulty", &["--workers", "1", "--timeout", "500ms"]);
    assert_eq!(server.client().get("/count").status, 200);
    let spinner = server.client();
    let start = Instant::now();
    let spin = thread::spawn(move || (spinner.get("/spin"), start.elapsed()));
    // The worker has one thread, and the guest does not yield.
    thread::sleep(Duration::from_millis(100));
    let mut slowest = Duration::ZERO;
    while !spin.is_finished() {
        let asked = Instant::now();
        assert_eq!(server.client().get("/count").status, 200);
        slowest = slowest.max(asked.elapsed());
    }
    let (response, after) = spin.join().expect("an answer");
    let document = response.problem(504);
    assert_eq!(
        document["type"],
        "https://spikard.dev/errors/gateway-timeout"
    );
    assert!(after >= Duration::from_millis(480), "{after:?}");
    assert!(after < Duration::from_secs(3), "{after:?}");
    assert!(
        slowest < MAX_LATENCY,
        "another request took {slowest:?} while it spun"
    );
    // A call that waits is also ended.
    let _ = server.client().get("/sleep?ms=60000").problem(504);
    assert_eq!(server.client().get("/count").status, 200);
    let log = server.stop().log;
    assert!(log.contains("exceeded its deadline of 500ms"), "{log}");
}

fn handlers_that_wait_run_concurrently(lane: Lane) {
    const CALLS: u32 = 6;
    const NAP: Duration = Duration::from_millis(400);
    let server = lane.serve("faulty", &["--workers", "1"]);
    let start = Instant::now();
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let client = server.client();
            thread::spawn(move || client.get(&format!("/sleep?ms={}", NAP.as_millis())))
        })
        .collect();
    for call in calls {
        let response = call.join().expect("an answer");
        assert_eq!((response.status, response.text().as_str()), (200, "slept"));
    }
    let took = start.elapsed();
    assert!(took >= NAP, "{took:?}");
    assert!(
        took < NAP * (CALLS - 1),
        "{took:?}: the calls ran one after another"
    );
    assert_eq!(
        server.client().get("/count").json()["calls"]
            .as_u64()
            .map(|n| n >= 1),
        Some(true)
    );
    let missing = server.client().get("/sleep").problem(422);
    assert_eq!(missing["errors"][0]["loc"], json!(["query", "ms"]));
    server.stop();
}
