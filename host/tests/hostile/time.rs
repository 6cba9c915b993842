//! Guests that do not return.

use std::thread;
use std::time::{Duration, Instant};

use super::attack::{Attack, HOST};

const KINDS: [&str; 5] = [
    "on-request",
    "pre-validation",
    "pre-handler",
    "on-response",
    "on-error",
];

#[test]
fn a_handler_that_spins() {
    let attack = Attack::hostile(&["--workers", "1", "--timeout", "500ms"]);
    for _ in 0..2 {
        let start = Instant::now();
        for response in attack.act_at_once(3, "/do", "spin") {
            let _ = response.problem(504);
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(480), "{took:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    let log = attack.end(HOST);
    let late =
        |line: &&str| line.contains("exceeded its deadline of 500ms") && line.contains("GET /do");
    assert_eq!(log.lines().filter(late).count(), 6, "{log}");
}

#[test]
fn a_hook_that_spins() {
    let attack = Attack::hostile(&["--workers", "1", "--timeout", "300ms"]);
    for kind in KINDS {
        let target = format!("/hook/{kind}");
        for response in attack.act_at_once(2, &target, "spin") {
            let _ = response.problem(504);
        }
        let line = attack.server().logged(&format!("route=\"GET {target}\""));
        assert!(!line.is_empty());
    }
    let log = attack.end(HOST);
    for kind in KINDS {
        let route = format!("route=\"GET /hook/{kind}\"");
        let late =
            |line: &str| line.contains("exceeded its deadline of 300ms") && line.contains(&route);
        assert!(log.lines().any(late), "{kind}: {log}");
    }
}

/// Both instances are in use for an hour: the next request is answered only if the host ends calls
/// whose clients have disconnected.
#[test]
fn a_handler_that_does_not_return_after_its_client_disconnected() {
    let attack = Attack::hostile(&["--workers", "1", "--max-instances", "2", "--timeout", "10m"]);
    for _ in 0..3 {
        let mut wires = ["wait", "spin"].map(|what| {
            let mut wire = attack.server().wire();
            wire.send(format!(
                "GET /do HTTP/1.1\r\nhost: a\r\nx-do: {what}\r\n\r\n"
            ));
            wire
        });
        thread::sleep(Duration::from_millis(300));
        wires[0].finish();
        drop(wires);
        let start = Instant::now();
        assert_eq!(attack.server().client().get("/fine").status, 200);
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
    }
    let log = attack.end(HOST);
    let left = |line: &&str| {
        line.contains("access: the client closed its connection before the response")
            && line.contains("route=\"GET /do\"")
            && line.contains("request=")
    };
    assert_eq!(log.lines().filter(left).count(), 6, "{log}");
}
