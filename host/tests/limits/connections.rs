//! The limit on connections.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use serde_json::Value;
use spikard_wasm_testing::Host;

use super::{GET, wait_until};
use crate::support::{Lane, host};

#[test]
fn a_connection_above_the_limit_is_503() {
    let server = Lane::Rust.serve("faulty", &["--max-connections", "3", "--workers", "2"]);
    let mut kept: Vec<_> = (0..3).map(|_| server.wire()).collect();
    for wire in &mut kept {
        assert_eq!(wire.ask(GET).status, 200);
    }
    for _ in 0..20 {
        let start = Instant::now();
        let mut late = server.wire();
        let response = late.ask(GET);
        assert_eq!(response.status, 503);
        assert_eq!(response.header("retry-after"), Some("1"));
        assert_eq!(response.header("connection"), Some("close"));
        assert_eq!(
            response.header("content-type"),
            Some("application/problem+json")
        );
        let problem: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(
            problem["type"],
            "https://spikard.dev/errors/service-unavailable"
        );
        assert!(late.is_closed());
        assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
    }
    // Existing connections are still served.
    for wire in &mut kept {
        assert_eq!(wire.ask(GET).status, 200);
    }
    let line = server.logged("too many connections; rejecting with 503");
    assert!(line.contains("WARN") && line.contains("limit=3"), "{line}");
    kept.pop();
    wait_until("a connection is let in again", || {
        server.wire().ask(GET).status == 200
    });
    let log = server.stop().log;
    assert_eq!(log.matches("rejecting with 503").count(), 1, "{log}");
}

/// A host that starts with a limit of 64 open files serves 100 connections.
#[test]
fn the_limit_of_open_files_is_raised() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("host");
    let command = host().command([""; 0]);
    let program = command.get_program().display();
    let text = format!("#!/bin/sh\nulimit -Sn 64\nexec '{program}' \"$@\"\n");
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
    let limited = Host::new(script, host().cache());
    let server = limited.serve(Some(&Lane::Rust.guest("faulty"))).start();
    let mut kept: Vec<_> = (0..100).map(|_| server.wire()).collect();
    for wire in &mut kept {
        assert_eq!(wire.ask(GET).status, 200);
    }
}
