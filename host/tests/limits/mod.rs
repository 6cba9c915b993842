//! Limits of the server: each test sets one to a small value, exceeds it, and checks that other
//! requests are served.

mod connections;
mod requests;
mod timeouts;

use std::thread;
use std::time::{Duration, Instant};

const GET: &str = "GET /only/get HTTP/1.1\r\nhost: a";

/// Waits until a condition holds.
#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "not soon: {what}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Checks that something took as long as a limit, but not as long as the other limits of the test,
/// which are ten seconds.
#[track_caller]
fn assert_took(start: Instant, limit: Duration) {
    let took = start.elapsed();
    assert!(took >= limit - Duration::from_millis(20), "{took:?}");
    assert!(took < Duration::from_secs(6), "{took:?}");
}
