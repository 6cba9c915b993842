//! Standard output and standard error of an app.

use serde_json::json;

use super::{AppDirectory, act_ok};

#[test]
fn output_goes_to_the_log() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    act_ok(&server, json!({"do": "print", "text": "a line"}));
    let lines: Vec<String> = server
        .stop()
        .log
        .lines()
        .filter(|line| line.contains(" guest: ") && line.contains("a line"))
        .map(str::to_owned)
        .collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains(" INFO ") && lines[1].contains(" WARN "));
}

#[test]
fn output_can_be_discarded() {
    let directory = AppDirectory::new();
    let server = directory.serve("stdio = false");
    act_ok(&server, json!({"do": "print", "text": "a line"}));
    let log = server.stop().log;
    assert!(!log.contains("a line"), "{log}");
}

#[test]
fn an_endless_line_is_truncated() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    act_ok(
        &server,
        json!({"do": "print", "text": "abcd", "times": 100_000}),
    );
    let log = server.stop().log;
    let longest = log.lines().map(str::len).max().unwrap_or_default();
    assert!((8192..10_000).contains(&longest), "{longest}");
}
