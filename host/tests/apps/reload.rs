//! Reload on SIGHUP: changed apps are replaced and the others are untouched.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use spikard_wasm_testing::Server;

use super::{Folder, app, ask, found};
use crate::support::{Lane, host};

const TWO: &str = "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\npath = \"/a\"\n\
                   [[app]]\nname = \"b\"\ncomponent = \"b.wasm\"\npath = \"/b\"\n";

fn two_apps() -> Folder {
    let folder = Folder::new();
    folder.app("a.wasm", "a 1");
    folder.app("b.wasm", "b 1");
    folder.config(TWO);
    folder
}

/// Sends SIGHUP and waits for a log line with the result.
fn reload(server: &Server, wanted: &str) -> String {
    server.signal("HUP");
    server.logged(wanted)
}

/// Counts the occurrences of a text in the log.
fn occurrences(server: &Server, text: &str) -> usize {
    server.log().matches(text).count()
}

#[test]
fn a_reload_replaces_a_component_and_keeps_connections() {
    let folder = two_apps();
    let server = folder.serve(&["--workers", "2"]);
    let mut wire = server.wire();
    let head = "GET /a/x HTTP/1.1\r\nhost: a";
    assert_eq!(wire.ask(head).text(), "a 1");
    folder.app("a.wasm", "a 2");
    let line = reload(&server, "app reloaded");
    assert!(
        line.contains("app=\"a\"") && line.contains("INFO"),
        "{line}"
    );
    assert_eq!(wire.ask(head).text(), "a 2");
    for _ in 0..4 {
        assert_eq!(found(&server, "a", "/a/x"), "a 2");
        assert_eq!(found(&server, "a", "/b/x"), "b 1");
    }
    assert_eq!(occurrences(&server, "app reloaded"), 1);
    // Counters continue.
    let text = found(&server, "a", "/metrics");
    let all = "spikard_wasm_requests_total{app=\"a\",route=\"at /x\",status=\"200\"} 6\n";
    assert!(text.contains(all), "{text}");
    let _ = reload(&server, "reload found no changes");
    server.stop();
}

#[test]
fn a_reload_adds_removes_and_moves_apps() {
    let folder = two_apps();
    let server = folder.serve(&[]);
    folder.app("c.wasm", "c");
    folder.config(
        "[[app]]\nname = \"b\"\ncomponent = \"b.wasm\"\n\
         [[app]]\nname = \"c\"\ncomponent = \"c.wasm\"\nhost = \"c.example\"\n",
    );
    let _ = reload(&server, "app removed");
    assert!(server.log().contains("app added"), "{}", server.log());
    assert_eq!(found(&server, "a", "/x"), "b 1");
    assert_eq!(found(&server, "c.example", "/x"), "c");
    assert_eq!(ask(&server, "a", "/a/x").0, 404);
    server.stop();
}

#[test]
fn requests_in_flight_finish_in_the_old_version() {
    let folder = Folder::new();
    folder.replace("a.wasm", &Lane::Rust.guest("faulty"));
    folder.config("[serve]\napp = \"a.wasm\"\n");
    let server = folder.serve(&["--workers", "1"]);
    let _ = server.client().get("/count");
    let before = server.usage().threads;
    let mut wire = server.wire();
    wire.send("GET /sleep?ms=1000 HTTP/1.1\r\nhost: a\r\n\r\n");
    thread::sleep(Duration::from_millis(100));
    folder.app("a.wasm", "new");
    let _ = reload(&server, "app reloaded");
    assert_eq!(found(&server, "a", "/x"), "new");
    // Both versions have an engine with a clock thread until the last request of the old one ends.
    assert!(server.usage().threads > before, "{before}");
    assert_eq!(wire.response().text(), "slept");
    assert_eq!(wire.ask("GET /x HTTP/1.1\r\nhost: a").text(), "new");
    let start = Instant::now();
    while server.usage().threads > before {
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?} {before}",
            server.usage()
        );
        thread::sleep(Duration::from_millis(10));
    }
    server.stop();
}

#[test]
fn a_failed_reload_keeps_the_previous_version() {
    let folder = two_apps();
    let server = folder.serve(&[]);
    folder.write("a.wasm", "no component");
    folder.app("b.wasm", "b 2");
    let line = reload(&server, "reload failed; keeping the previous version");
    assert!(
        line.contains("ERROR") && line.contains("app=\"a\"") && line.contains("a.wasm"),
        "{line}"
    );
    let _ = server.logged("app reloaded");
    assert_eq!(found(&server, "a", "/a/x"), "a 1");
    assert_eq!(found(&server, "a", "/b/x"), "b 2");
    for (text, said) in [
        ("[[app", "is not valid TOML"),
        ("[[app]]\nname = \"a\"\n", "has no `component`"),
        (
            "[serve]\napp = \"a.wasm\"\n",
            "switching to or from `[[app]]` requires a restart",
        ),
        (
            &TWO.replace("path = \"/b\"", "path = \"/a\""),
            "are both mounted at `/a`",
        ),
    ] {
        folder.config(text);
        let line = reload(&server, said);
        assert!(
            line.contains("ERROR") && line.contains("reload failed; all apps are unchanged"),
            "{line}"
        );
        assert_eq!(found(&server, "a", "/a/x"), "a 1");
        assert_eq!(found(&server, "a", "/b/x"), "b 2");
    }
    // A guest that hangs in `describe` delays the other apps only for a limited time.
    folder.app("a.wasm", "a 2");
    folder.config(TWO);
    let _ = reload(&server, "app=\"a\" version=\"1\"");
    assert_eq!(found(&server, "a", "/a/x"), "a 2");
    folder.define("a.wasm", json!({"on_describe": "trap"}));
    let _ = reload(&server, "trapped");
    assert_eq!(found(&server, "a", "/a/x"), "a 2");
    server.stop();
}

#[test]
fn a_reload_updates_policies_limits_and_secrets() {
    for table in ["serve.secrets", "grants.secrets"] {
        a_reload_updates_secrets_of(table);
    }
}

fn a_reload_updates_secrets_of(table: &str) {
    let folder = Folder::new();
    let settings = json!({"api_key": {"keys": {"k": {"secret": "key"}}}});
    folder.define("a.wasm", app("a", &["/x"], settings));
    folder.write("key", "old");
    let text = format!("[serve]\napp = \"a.wasm\"\n[{table}]\nkey = \"file:key\"\n");
    folder.config(&text);
    let server = folder.serve(&[]);
    let status = |key| {
        let client = server.client();
        client.send("GET", "/x", &[("x-api-key", key)], b"").status
    };
    assert_eq!((status("old"), status("new")), (200, 401));
    folder.write("key", "new");
    let _ = reload(&server, "app reloaded");
    assert_eq!((status("old"), status("new")), (401, 200));
    folder.config(&format!("{text}[instances]\npolicy = \"fresh\"\n"));
    server.signal("HUP");
    let start = Instant::now();
    while occurrences(&server, "app reloaded") < 2 {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{}",
            server.log()
        );
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(status("new"), 200);
    let text = found(&server, "a", "/metrics");
    assert!(
        text.contains("instances_recycled_total{reason=\"fresh\"} 1\n"),
        "{text}"
    );
    server.stop();
}

#[test]
fn changes_that_require_a_restart_are_reported() {
    let folder = two_apps();
    let server = folder.serve(&[]);
    folder.config(&format!(
        "[serve]\nhost = \"::1\"\nworkers = 7\nlog_level = \"debug\"\n[limits]\nconnections = 1\n{TWO}"
    ));
    let line = reload(&server, "restart to apply");
    for key in [
        "serve.host",
        "serve.workers",
        "serve.log_level",
        "limits.connections",
    ] {
        assert!(
            line.contains(&format!("`{key}`")) && line.contains("WARN"),
            "{key}: {line}"
        );
    }
    let _ = server.logged("reload found no changes");
    assert_eq!(found(&server, "a", "/a/x"), "a 1");
    server.stop();
}

#[test]
fn a_single_component_without_configuration_is_reloaded() {
    let folder = Folder::new();
    folder.app("a.wasm", "a 1");
    let server = host().serve(Some(&folder.path("a.wasm"))).start_now();
    assert_eq!(found(&server, "a", "/x"), "a 1");
    folder.app("a.wasm", "a 2");
    let _ = reload(&server, "app reloaded");
    assert_eq!(found(&server, "a", "/x"), "a 2");
    server.stop();
}
