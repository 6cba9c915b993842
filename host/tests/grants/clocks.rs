//! Clocks and random bytes, which are granted by default; `load.rs` tests their denial.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{AppDirectory, act_ok};

#[test]
fn the_time_passes() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    let found = act_ok(&server, json!({"do": "clocks"}));
    let (waited, now) = (&found[0], &found[1]);
    assert!(waited.as_u64() >= Some(5), "{waited}");
    let ours = SystemTime::now().duration_since(UNIX_EPOCH);
    let ours = ours.expect("a time").as_secs();
    let theirs = now.as_u64().expect("a time");
    assert!(ours.abs_diff(theirs) < 10, "{theirs}, not {ours}");
    server.stop();
}

#[test]
fn instances_have_independent_random_numbers() {
    let directory = AppDirectory::new();
    let server = directory.serve_with("", &["--instances", "fresh"]);
    let drawn: BTreeSet<String> = (0..10)
        .map(|_| act_ok(&server, json!({"do": "random"})).to_string())
        .collect();
    assert_eq!(drawn.len(), 10, "{drawn:?}");
    server.stop();
}
