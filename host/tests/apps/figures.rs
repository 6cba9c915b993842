//! Metrics, log fields, limits and secrets by app.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Folder, app, ask, found};
use crate::support::Lane;

pub(super) fn figure(text: &str, name: &str) -> Option<f64> {
    let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    lines.find(|(found, _)| *found == name)?.1.parse().ok()
}

#[test]
fn metrics_are_labeled_by_app() {
    let folder = Folder::new();
    folder.define("a.wasm", app("a", &["/x"], json!({})));
    folder.define("b.wasm", app("b", &["/x"], json!({})));
    folder.config(
        "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\npath = \"/a\"\n\
         [[app]]\nname = \"b\"\ncomponent = \"b.wasm\"\nhost = \"b.example\"\n",
    );
    let server = folder.serve(&["--log-format", "json"]);
    let line: Value = serde_json::from_str(server.line()).expect("JSON");
    assert_eq!(line["apps"][0]["name"], "a", "{line}");
    assert_eq!(
        (&line["apps"][0]["path"], &line["apps"][0]["host"]),
        (&json!("/a/"), &json!(null))
    );
    assert_eq!(line["apps"][1]["host"], "b.example");
    for _ in 0..3 {
        found(&server, "x", "/a/x");
    }
    found(&server, "b.example", "/x");
    assert_eq!(ask(&server, "b.example", "/none").0, 404);
    assert_eq!(ask(&server, "x", "/none").0, 404);
    let (status, text) = ask(&server, "x", "/metrics");
    assert_eq!(status, 200);
    let name = "spikard_wasm_requests_total";
    for (labels, count) in [
        (r#"app="a",route="at /x",status="200""#, 3.0),
        (r#"app="b",route="at /x",status="200""#, 1.0),
        (r#"app="b",route="-",status="404""#, 1.0),
        (r#"app="-",route="-",status="404""#, 1.0),
    ] {
        let name = format!("{name}{{{labels}}}");
        assert_eq!(figure(&text, &name), Some(count), "{name}:\n{text}");
    }
    for name in [
        r#"spikard_wasm_instances_created_total{app="a"}"#,
        r#"spikard_wasm_instances{app="b",state="idle"}"#,
        r#"spikard_wasm_instance_memory_bytes{app="b"}"#,
        "spikard_wasm_connections",
    ] {
        assert!(
            figure(&text, name).is_some_and(|it| it > 0.0),
            "{name}:\n{text}"
        );
    }
    assert_eq!(
        figure(&text, r#"spikard_wasm_refusals_total{reason="requests"}"#),
        Some(0.0)
    );
    // The path `/metrics` belongs to an app that is mounted at `/` of a host or below a prefix.
    for (host, path) in [("b.example", "/metrics"), ("x", "/a/metrics")] {
        assert_eq!(ask(&server, host, path).0, 404, "{host} {path}");
    }
    let log: Value = serde_json::from_str(&server.logged("\"/none\"")).expect("JSON");
    assert_eq!(
        (&log["app"], &log["route"]),
        (&json!("b"), &json!("-")),
        "{log}"
    );
    server.stop();
}

#[test]
fn limits_are_separate_for_each_app() {
    let folder = Folder::new();
    let component = Lane::Rust.guest("faulty");
    let component = component.display();
    folder.config(&format!(
        "[serve]\ntimeout = \"5s\"\nbody_limit = 3\n\
         [[app]]\nname = \"short\"\ncomponent = \"{component}\"\npath = \"/short\"\ntimeout = \"100ms\"\n\
         [app.instances]\npolicy = \"fresh\"\n\
         [[app]]\nname = \"long\"\ncomponent = \"{component}\"\npath = \"/long\"\n\
         [app.routes.text]\nbody_limit = 100\n[app.instances]\nmax = 1\n[app.limits]\nqueue = 0\n"
    ));
    let server = folder.serve(&["--workers", "1"]);
    let client = server.client();
    let _ = client.get("/short/sleep?ms=400").problem(504);
    assert_eq!(client.get("/long/sleep?ms=400").status, 200);
    let post = |path: &str| client.post(path, "text/plain", b"longer").status;
    assert_eq!(
        (post("/short/body/text"), post("/long/body/text")),
        (413, 200)
    );
    // One app's instances do not count against the limit of another.
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(server.client().get("/long/sleep?ms=600").status, 200));
        thread::sleep(Duration::from_millis(200));
        let _ = server.client().get("/long/count").problem(503);
        assert_eq!(server.client().get("/short/count").status, 200);
    });
    let text = server.client().get("/metrics").text();
    let refused = |app: &str| {
        let name = format!("spikard_wasm_refusals_total{{app=\"{app}\",reason=\"queue\"}}");
        figure(&text, &name)
    };
    assert_eq!(
        (refused("long"), refused("short")),
        (Some(1.0), Some(0.0)),
        "{text}"
    );
    let fresh = r#"spikard_wasm_instances_recycled_total{app="short",reason="fresh"}"#;
    assert!(figure(&text, fresh).is_some_and(|it| it >= 1.0), "{text}");
    server.stop();
}

#[test]
fn secrets_are_separate_for_each_app() {
    let folder = Folder::new();
    let settings = json!({"api_key": {"keys": {"k": {"secret": "key"}}}});
    folder.define("a.wasm", app("a", &["/x"], settings));
    folder.write("one", "first key");
    folder.config(
        "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\npath = \"/a\"\n[app.secrets]\nkey = \"file:one\"\n\
         [[app]]\nname = \"b\"\ncomponent = \"a.wasm\"\npath = \"/b\"\n[app.secrets]\nkey = \"env:SECOND\"\n",
    );
    let server = folder.to_serve().env("SECOND", "second key").start_now();
    let client = server.client();
    let status = |path, key| client.send("GET", path, &[("x-api-key", key)], b"").status;
    assert_eq!(
        (status("/a/x", "first key"), status("/b/x", "first key")),
        (200, 401)
    );
    assert_eq!(
        (status("/a/x", "second key"), status("/b/x", "second key")),
        (401, 200)
    );
    server.stop();
}
