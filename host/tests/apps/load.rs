//! Reloads under load lose no requests.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Folder, app};
use crate::support::Lane;

/// Number of reloads.
const RELOADS: usize = 20;

/// Returns the duration of the test; `RELOAD_SECONDS` in the environment overrides it.
fn duration() -> Duration {
    let said = std::env::var("RELOAD_SECONDS").ok();
    Duration::from_secs(said.and_then(|said| said.parse().ok()).unwrap_or(8))
}

#[test]
fn twenty_reloads_under_load_lose_no_request() {
    let folder = Folder::new();
    let version = |number: usize| app(&format!("version {number}"), &["/x"], json!({}));
    folder.define("a.wasm", version(0));
    folder.replace("slow.wasm", &Lane::Rust.guest("faulty"));
    let config = |number: usize| {
        folder.config(&format!(
            "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\npath = \"/a\"\n\
             [[app]]\nname = \"slow\"\ncomponent = \"slow.wasm\"\npath = \"/slow\"\n\
             [app.limits]\nqueue = {}\n",
            1000 + number
        ));
    };
    config(0);
    let server = folder.serve(&["--workers", "2", "--log-level", "warn"]);
    let threads = server.usage().threads;
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let is_going_on = || !stop.load(Ordering::Relaxed);
    let count = |status: u16, text: &str| {
        assert_eq!(status, 200, "{text}");
        answered.fetch_add(1, Ordering::Relaxed);
    };
    let pause = duration() / RELOADS as u32;
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                // One keep-alive connection.
                let mut wire = server.wire();
                let mut last = 0;
                while is_going_on() {
                    let response = wire.ask("GET /a/x HTTP/1.1\r\nhost: a");
                    count(response.status, &response.text());
                    let text = response.text();
                    let number = text.strip_prefix("version ").and_then(|it| it.parse().ok());
                    let number: usize = number.expect("a version");
                    assert!(number >= last, "{number} after {last}");
                    last = number;
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        scope.spawn(|| {
            // A new connection for each request.
            while is_going_on() {
                let response = server.wire().ask("GET /a/x HTTP/1.1\r\nhost: a");
                count(response.status, &response.text());
                thread::sleep(Duration::from_millis(2));
            }
        });
        for _ in 0..4 {
            scope.spawn(|| {
                // A long request that is in flight at every reload.
                let client = server.client();
                while is_going_on() {
                    let response = client.get("/slow/sleep?ms=150");
                    count(response.status, &response.text());
                }
            });
        }
        let reloads = scope.spawn(|| {
            for number in 1..=RELOADS {
                folder.define("a.wasm", version(number));
                config(number);
                server.signal("HUP");
                let wanted = format!("version {number}");
                let start = Instant::now();
                while super::found(&server, "a", "/a/x") != wanted {
                    assert!(start.elapsed() < Duration::from_secs(20), "{wanted}");
                    thread::sleep(Duration::from_millis(5));
                }
                thread::sleep(pause.saturating_sub(start.elapsed()));
            }
        });
        let outcome = reloads.join();
        stop.store(true, Ordering::Relaxed);
        outcome.expect("twenty reloads");
    });
    let answered = answered.load(Ordering::Relaxed);
    assert!(answered > 500, "{answered}");
    println!("{answered} requests answered with 200 in {RELOADS} reloads");
    // Replaced engines are gone: each one has a thread. Two more threads compile.
    let start = Instant::now();
    while server.usage().threads > threads + 2 {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            server.usage()
        );
        thread::sleep(Duration::from_millis(20));
    }
    let stopped = server.stop();
    assert!(!stopped.log.contains("ERROR"), "{}", stopped.log);
}
