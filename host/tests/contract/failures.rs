//! Failing handlers: the client gets no details, the log has all of them, and the next request is
//! served.

use serde_json::json;
use spikard_wasm_testing::{Server, define};

use crate::support::{Lane, host, on_every_lane};

const SECRET: &str = "the secret is 4711";

on_every_lane!(
    a_handler_that_throws,
    a_handler_that_exits,
    a_handler_that_returns_a_problem
);

/// Sends a request that fails; returns the log lines with the failure's message.
#[track_caller]
fn failure_of(server: &Server, target: &str) -> String {
    let response = server.client().get(target);
    let document = response.problem(500);
    assert_eq!(
        document["type"],
        "https://spikard.dev/errors/internal-server-error"
    );
    let text = response.text();
    for word in ["4711", "in_the_stack", "app.", "wasm"] {
        assert!(!text.contains(word), "`{word}` in {text}");
    }
    let path = format!("path=\"{target}\"");
    server.logged(&path)
}

/// Returns the value of a field in a log line.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let start = line.find(&format!("{name}=")).map(|at| at + name.len() + 1);
    let rest = start.map_or("", |start| &line[start..]);
    rest.split_whitespace().next().unwrap_or_default()
}

fn a_handler_that_throws(lane: Lane) {
    let server = lane.serve("faulty", &["--workers", "1"]);
    assert_eq!(server.client().get("/count").json(), json!({"calls": 1}));
    let access = failure_of(&server, "/throw");
    assert!(access.contains("status=500"), "{access}");
    let failure = server.logged(SECRET);
    assert_eq!(
        field(&failure, "request"),
        field(&access, "request"),
        "{failure}{access}"
    );
    assert!(!field(&failure, "request").is_empty(), "{failure}");
    let stack = match lane {
        Lane::Rust => "caused by: invalid digit",
        _ => "in_the_stack",
    };
    assert!(server.log().contains(stack), "{}", server.log());
    match lane {
        Lane::Rust => {}
        Lane::StarlingMonkey | Lane::QuickJs => {
            let _ = (
                failure_of(&server, "/throw-async"),
                failure_of(&server, "/throw-text"),
            );
        }
        Lane::Python => drop(failure_of(&server, "/throw-async")),
    }
    // An error does not cost the instance.
    assert_eq!(server.client().get("/count").json(), json!({"calls": 2}));
    server.stop();
}

fn a_handler_that_exits(lane: Lane) {
    let is_javascript = matches!(lane, Lane::QuickJs | Lane::StarlingMonkey);
    let server = lane.serve("faulty", &["--workers", "1"]);
    assert_eq!(server.client().get("/count").json(), json!({"calls": 1}));
    for _ in 0..3 {
        let _ = failure_of(&server, "/end");
        // After an exit the next call gets a new instance; JavaScript survives it.
        let calls = server.client().get("/count").json();
        assert!(is_javascript || calls == json!({"calls": 1}), "{calls}");
    }
    let log = server.stop().log;
    assert_eq!(log.contains(SECRET), lane == Lane::Rust, "{log}");
    assert_eq!(log.contains("the guest trapped"), !is_javascript, "{log}");
}

fn a_handler_that_returns_a_problem(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let response = server.client().get("/refuse");
    let document = response.problem(409);
    assert_eq!(
        document,
        json!({"type": "about:blank", "title": "Conflict", "status": 409, "detail": "there is one already"})
    );
    assert_eq!(response.header("x-reason"), "twice");
    let log = server.stop().log;
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn a_reported_failure_takes_precedence_over_the_reply() {
    let app = define(&json!({
        "app": {"name": "a", "routes": [{"method": "GET", "path": "/"}]},
        "reply": [200, "", "all is well"],
        "failure": ["it went\nwrong", "at somewhere"],
    }));
    let server = host().serve(Some(&app)).start();
    let response = server.client().get("/");
    let _ = response.problem(500);
    assert!(!response.text().contains("well") && !response.text().contains("wrong"));
    let log = server.stop().log;
    // A message from the guest cannot start a new line.
    assert!(
        log.contains("at somewhere") && !log.contains("\nwrong"),
        "{log}"
    );
}
