//! Log lines of an app through `wasi:logging`.

use serde_json::json;

use super::{AppDirectory, act_ok};

#[test]
fn every_level_maps_to_a_log_level() {
    let directory = AppDirectory::new();
    let server = directory.serve_with("", &["--log-level", "debug"]);
    for level in ["trace", "debug", "info", "warn", "error", "critical"] {
        let message = format!("said at {level}");
        act_ok(
            &server,
            json!({"do": "log", "level": level, "context": "tests", "message": message}),
        );
    }
    let log = server.stop().log;
    let line = |level: &str| {
        let said = format!("said at {level}");
        let line = log.lines().find(|line| line.contains(&said));
        line.unwrap_or_else(|| panic!("`{said}` in {log}"))
            .to_owned()
    };
    for (level, logged) in [
        ("trace", "DEBUG guest: "),
        ("debug", "DEBUG guest: "),
        ("info", " INFO guest: "),
        ("warn", " WARN guest: "),
        ("error", "ERROR guest: "),
        ("critical", "ERROR guest: "),
    ] {
        let line = line(level);
        assert!(line.contains(logged), "{line}");
        assert!(
            line.contains("context=tests") && line.contains("component="),
            "{line}"
        );
        assert_eq!(
            line.contains("critical=true"),
            level == "critical",
            "{line}"
        );
    }
}

#[test]
fn lines_below_the_log_level_are_dropped() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    let log = |level: &str, message: &str| {
        let what = json!({"do": "log", "level": level, "context": "", "message": message});
        act_ok(&server, what);
    };
    log("debug", "below");
    log("info", "above");
    let log = server.stop().log;
    assert!(log.contains("above") && !log.contains("below"), "{log}");
}

#[test]
fn messages_are_escaped_and_truncated() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    let message = format!(
        "first\n2026-01-01T00:00:00Z ERROR access: forged {}",
        "x".repeat(100_000)
    );
    act_ok(
        &server,
        json!({"do": "log", "level": "info", "context": "c\n".repeat(1000), "message": message}),
    );
    let log = server.stop().log;
    let line = log.lines().find(|line| line.contains("first"));
    let line = line.expect("the line");
    assert!(
        line.contains(" guest: ") && line.contains("forged"),
        "{line}"
    );
    assert!(line.len() < 10_000, "{}", line.len());
}
