//! Operations on the services of the host, each granted and not granted.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spikard_wasm_testing::{Server, guest};
use tempfile::TempDir;

use super::leave;
use crate::support::host;
use crate::wasi_http::peer::Peer;

/// Serves the app with a `spikard.toml` in a folder of its own.
fn serve(toml: &str, args: &[&str]) -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("spikard.toml");
    fs::write(&file, toml).expect("the file");
    let config = ["--workers", "1", "--config", file.to_str().expect("UTF-8")];
    let args = config.iter().chain(args);
    let server = host().serve(Some(&guest("waiting"))).args(args).start();
    (folder, server)
}

/// Runs operations of one request. Returns status, head and body of each.
#[track_caller]
fn run(server: &Server, operations: &[(&str, Value, &str)]) -> Vec<(u64, Value, Value)> {
    let all: Vec<Value> = operations
        .iter()
        .map(|(kind, head, body)| json!([kind, head.to_string(), body]))
        .collect();
    let response = server.client().post_json("/operations", &json!(all));
    assert_eq!(response.status, 200, "{}", response.text());
    let results = response.json();
    let results = results.as_array().expect("an array").iter();
    results
        .map(|it| {
            (
                it[0].as_u64().expect("a status"),
                it[1].clone(),
                it[2].clone(),
            )
        })
        .collect()
}

#[track_caller]
fn run_one(server: &Server, kind: &str, head: Value, body: &str) -> (u64, Value, Value) {
    run(server, &[(kind, head, body)]).remove(0)
}

const SQL: &str = "[grants.sql]\nmain = \"sqlite:app.db\"\n";

fn sql(text: &str) -> Value {
    json!({"database": "main", "sql": text})
}

/// Serves with a database that has an empty table of names.
fn with_names() -> (TempDir, Server) {
    let (folder, server) = serve(SQL, &[]);
    let table = sql("create table names (name text not null unique)");
    assert_eq!(run_one(&server, "sql.query", table, "").0, 200);
    (folder, server)
}

#[track_caller]
fn names(server: &Server) -> Value {
    run_one(
        server,
        "sql.query",
        sql("select name from names order by name"),
        "",
    )
    .2
}

#[test]
fn what_is_not_granted_is_denied_with_the_line_to_add() {
    let (_folder, server) = serve("", &[]);
    for (kind, head, line) in [
        ("sql.query", sql("select 1"), "[grants.sql]"),
        (
            "kv.get",
            json!({"store": "default", "key": "a"}),
            "keyvalue",
        ),
        ("config.get", json!({"name": "a"}), "config = {}"),
        (
            "fetch",
            json!({"url": "http://127.0.0.1:9/"}),
            "`http://127.0.0.1:9`",
        ),
    ] {
        let (status, head, _) = run_one(&server, kind, head, "");
        assert_eq!(
            (status, &head["code"]),
            (1, &json!("denied")),
            "{kind}: {head}"
        );
        let message = head["message"].as_str().unwrap_or_default();
        assert!(message.contains(line), "{kind}: {message}");
    }
    let (status, ..) = run_one(&server, "secret.get", json!({"name": "a"}), "");
    assert_eq!(status, 404);
    server.stop();
}

#[test]
fn unknown_kinds_and_heads_are_results() {
    let (_folder, server) = serve("", &[]);
    for (kind, head, code) in [
        ("sql", json!({}), "unknown-kind"),
        ("nothing.\u{1F600}", json!({}), "unknown-kind"),
        ("sleep", json!({"ms": -1}), "invalid"),
        ("sleep", json!({"ms": 1, "s": 1}), "invalid"),
        ("crypto.random", json!({"length": 1_000_000}), "invalid"),
    ] {
        let (status, head, _) = run_one(&server, kind, head, "");
        assert_eq!((status, &head["code"]), (1, &json!(code)), "{kind}: {head}");
    }
    server.stop();
}

#[test]
fn rows_and_parameters() {
    let (_folder, server) = with_names();
    let insert = sql("insert into names values ($1), ($2)");
    let (status, head, _) = run_one(&server, "sql.query", insert.clone(), r#"["Ann", "Bob"]"#);
    assert_eq!((status, &head["changes"]), (200, &json!(2)));
    assert_eq!(names(&server), json!([{"name": "Ann"}, {"name": "Bob"}]));
    let (status, head, _) = run_one(&server, "sql.query", insert, r#"["Cid", "Ann"]"#);
    assert_eq!((status, &head["code"]), (1, &json!("unique")), "{head}");
    assert_eq!(names(&server), json!([{"name": "Ann"}, {"name": "Bob"}]));
    server.stop();
}

#[test]
fn transactions_end_with_their_request() {
    let (_folder, server) = with_names();
    assert_eq!(server.client().get("/transaction/commit").status, 200);
    assert_eq!(server.client().get("/transaction/drop").status, 200);
    assert_eq!(server.client().get("/transaction/trap").status, 500);
    leave(&server, "/transaction/wait", Duration::from_millis(100));
    // A transaction left open would hold the writer.
    let begin = ("sql.begin", json!({"database": "main"}), "");
    let open = run(&server, &[begin]);
    assert_eq!(open[0].0, 200, "{open:?}");
    let start = Instant::now();
    assert_eq!(
        server.client().get("/transaction/commit").status,
        500,
        "the name is taken"
    );
    assert!(start.elapsed() < Duration::from_secs(4));
    assert_eq!(names(&server), json!([{"name": "commit"}]));
    server.stop();
}

#[test]
fn databases_survive_kill() {
    let (folder, server) = with_names();
    let insert = sql("insert into names values ('Ann')");
    assert_eq!(run_one(&server, "sql.query", insert, "").0, 200);
    server.signal("KILL");
    drop(server.wait());
    let file = folder.path().join("spikard.toml");
    let config = ["--config", file.to_str().expect("UTF-8")];
    let server = host().serve(Some(&guest("waiting"))).args(config).start();
    assert_eq!(names(&server), json!([{"name": "Ann"}]));
    server.stop();
}

#[test]
fn stores_settings_and_secrets() {
    let toml = "[grants]\nkeyvalue = { default = \"kv.redb\" }\nconfig = { greeting = \"Hello\" }\n\
                secrets = { token = \"file:token\" }\n";
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("spikard.toml"), toml).expect("the file");
    fs::write(folder.path().join("token"), "hunter2").expect("the file");
    let file = folder.path().join("spikard.toml");
    let config = ["--config", file.to_str().expect("UTF-8")];
    let server = host().serve(Some(&guest("waiting"))).args(config).start();
    let key = json!({"store": "default", "key": "a"});
    let results = run(
        &server,
        &[
            ("kv.get", key.clone(), ""),
            ("kv.set", key.clone(), "one"),
            ("kv.get", key.clone(), ""),
            (
                "kv.increment",
                json!({"store": "default", "key": "n", "by": 5}),
                "",
            ),
            (
                "kv.set",
                json!({"store": "default", "key": "short", "ttl_ms": 30}),
                "x",
            ),
            ("config.get", json!({"name": "greeting"}), ""),
            ("secret.get", json!({"name": "token"}), ""),
        ],
    );
    let statuses: Vec<u64> = results.iter().map(|result| result.0).collect();
    assert_eq!(statuses, [404, 200, 200, 200, 200, 200, 200], "{results:?}");
    assert_eq!(results[2].2, "one");
    assert_eq!(results[3].1["value"], 5);
    assert_eq!(
        (&results[5].2, &results[6].2),
        (&json!("Hello"), &json!("hunter2"))
    );
    std::thread::sleep(Duration::from_millis(60));
    let short = json!({"store": "default", "key": "short"});
    assert_eq!(run_one(&server, "kv.get", short, "").0, 404);
    assert!(!server.log().contains("hunter2"));
    server.stop();
}

#[test]
fn lines_of_the_log_have_their_level_and_request() {
    let (_folder, server) = serve("", &["--log-level", "debug"]);
    for (level, shown) in [("trace", "DEBUG"), ("info", " INFO"), ("error", "ERROR")] {
        let text = format!("a line of {level}\nand a forged one");
        let head = json!({ "level": level });
        assert_eq!(run_one(&server, "log", head, &text).0, 200);
        let log = server.logged(&format!("a line of {level}"));
        let mut lines = log.lines();
        let line = lines.find(|line| line.contains(&format!("a line of {level}")));
        let line = line.expect("a line");
        let parts = [shown, "guest", "component=", "request=", "and a forged one"];
        for part in parts {
            assert!(line.contains(part), "`{part}` is not in `{line}`");
        }
    }
    let (status, head, _) = run_one(&server, "log", json!({"level": "loud"}), "x");
    assert_eq!((status, &head["code"]), (1, &json!("invalid")));
    server.stop();
}

#[test]
fn passwords_and_tokens() {
    let (_folder, server) = serve("", &[]);
    let hashed = run_one(&server, "password.hash", json!({}), "correct horse").2;
    for (password, valid) in [("correct horse", true), ("wrong", false)] {
        let (status, head, _) = run_one(
            &server,
            "password.verify",
            json!({"hash": hashed}),
            password,
        );
        assert_eq!((status, &head["valid"]), (200, &json!(valid)));
    }
    let key = json!({"algorithm": "HS256", "key": "0123456789abcdef0123456789abcdef"});
    let token = run_one(&server, "jwt.sign", key.clone(), r#"{"sub": "ann"}"#).2;
    let token = token.as_str().expect("a token");
    let (status, _, claims) = run_one(&server, "jwt.verify", key.clone(), token);
    assert_eq!((status, &claims["sub"]), (200, &json!("ann")));
    let (status, head, _) = run_one(&server, "jwt.verify", key, &format!("{token}x"));
    assert_eq!((status, &head["code"]), (1, &json!("invalid-token")));
    server.stop();
}

#[test]
fn outgoing_requests() {
    let peer = Peer::start();
    let (_folder, server) = serve("", &["--allow-outgoing", &peer.origin()]);
    let get = |path: &str| json!({"url": format!("{}{path}", peer.origin())});
    // The peer sends head and body separately, so the body can arrive later.
    let results = run(
        &server,
        &[
            ("fetch", get("/plain?a=b"), ""),
            ("fetch.read", json!({"body": 1}), ""),
        ],
    );
    let text: String = results.iter().filter_map(|it| it.2.as_str()).collect();
    assert_eq!(
        (results[0].0, text.as_str()),
        (200, "from elsewhere"),
        "{results:?}"
    );
    assert_eq!(run_one(&server, "fetch", get("/teapot"), "").0, 418);
    let (status, head, _) = run_one(&server, "fetch", get("/gone"), "");
    assert_eq!(
        (status, &head["code"]),
        (1, &json!("unavailable")),
        "{head}"
    );
    // A body that goes on after the head.
    let results = run(
        &server,
        &[
            ("fetch", get("/slow"), ""),
            ("fetch.read", json!({"body": 1}), ""),
            ("fetch.read", json!({"body": 1}), ""),
        ],
    );
    assert_eq!(results[0].1["body"], 1, "{results:?}");
    let text: String = results.iter().filter_map(|it| it.2.as_str()).collect();
    assert_eq!(text, "first\nsecond\n", "{results:?}");
    // It belongs to its request.
    let (status, head, _) = run_one(&server, "fetch.read", json!({"body": 1}), "");
    assert_eq!((status, &head["code"]), (1, &json!("invalid")));
    server.stop();
}
