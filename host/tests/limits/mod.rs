//! Limits of the server, each set to something short or small: what is late or too
//! much is refused or let go, and what is not is served.

mod connections;
mod requests;
mod timeouts;

use std::thread;
use std::time::{Duration, Instant};

const GET: &str = "GET /only/get HTTP/1.1\r\nhost: a";

/// Waits until something holds.
#[track_caller]
fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "not soon: {what}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// Checks that something took as long as a limit, and not as long as the other limits
/// of the test, which are ten seconds.
#[track_caller]
fn took(start: Instant, limit: Duration) {
    let took = start.elapsed();
    assert!(took >= limit - Duration::from_millis(20), "{took:?}");
    assert!(took < Duration::from_secs(6), "{took:?}");
}
