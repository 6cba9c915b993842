//! `spikard.toml`: precedence of sources, and errors of invalid values.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use spikard_wasm_testing::Run;
use tempfile::TempDir;

use super::failed;
use super::golden::golden;
use crate::support::{Lane, host};

/// Creates a directory with this `spikard.toml`.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("spikard.toml"), text).expect("the file");
    folder
}

/// Prepares a command that runs in a directory.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = host().command(args);
    command.current_dir(folder);
    command
}

/// Returns a limit from the report of `inspect --limits`: its value and its source.
fn limit(report: &Value, key: &str) -> (Value, String) {
    let limits = report["limits"].as_array().expect("limits");
    let limit = limits.iter().find(|limit| limit["key"] == key);
    let limit = limit.unwrap_or_else(|| panic!("`{key}` in {report}"));
    let from = limit["from"].as_str().expect("a text").to_owned();
    (limit["value"].clone(), from)
}

#[track_caller]
fn limits_of(mut command: Command) -> Value {
    let run = Run::of(&mut command);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    serde_json::from_str(&run.stdout).expect("JSON")
}

#[test]
fn flags_override_the_environment_which_overrides_the_file() {
    let text = "[limits]\nqueue = 1\nmemory = \"1MiB\"\nstack = \"1MiB\"\n[instances]\npolicy = \"fresh\"\n";
    let folder = folder(text);
    let mut ask = command(
        folder.path(),
        &["inspect", "--limits", "--json", "--queue", "3"],
    );
    ask.env("SPIKARD_WASM_QUEUE", "2")
        .env("SPIKARD_WASM_MAX_MEMORY", "2MiB")
        // An empty variable, as containers set it, counts as unset.
        .env("SPIKARD_WASM_MAX_STACK", "");
    let report = limits_of(ask);
    assert_eq!(report["file"], "spikard.toml");
    let is = |key: &str, value: u64, from: &str| {
        assert_eq!(
            limit(&report, key),
            (value.into(), from.to_owned()),
            "{key}"
        );
    };
    is("limits.queue", 3, "flag");
    is("limits.memory", 2 << 20, "environment");
    is("limits.stack", 1 << 20, "file");
    is("limits.connections", 10_000, "default");
    let policy = limit(&report, "instances.policy");
    assert_eq!(policy, ("fresh".into(), "file".to_owned()));
}

#[test]
fn settings_of_the_file_take_effect() {
    let app = Lane::Rust.guest("faulty");
    let folder = folder(&format!(
        "[serve]\napp = {:?}\nport = 0\nworkers = 1\nlog_format = \"json\"\nbody_limit = 3\n\
         [serve.secrets]\nunused = \"env:PATH\"\n\
         [routes.raw]\nbody_limit = \"1KiB\"\n",
        app.display()
    ));
    let file = folder.path().join("spikard.toml");
    let server = host()
        .serve(None)
        .port_as_given()
        .args(["--config".as_ref(), file.as_os_str()])
        .start();
    let line: Value = serde_json::from_str(server.line()).expect("JSON");
    assert_eq!(line["app"], "faulty-rust");
    let read = server.logged("configuration loaded");
    assert!(
        read.contains("spikard.toml") && read.contains("INFO"),
        "{read}"
    );
    let post = |path, body: &[u8]| {
        server
            .client()
            .post(path, "application/octet-stream", body)
            .status
    };
    assert_eq!(post("/body/raw", b"longer"), 200);
    assert_eq!(
        server
            .client()
            .post("/body/text", "text/plain", b"longer")
            .status,
        413
    );
    assert_eq!(
        server
            .client()
            .post("/body/text", "text/plain", b"abc")
            .status,
        200
    );
    server.stop();
}

#[test]
fn a_file_with_only_build_settings_does_not_affect_serve() {
    let folder = folder("[build]\nlanguage = \"rust\"\n");
    let report = limits_of(command(folder.path(), &["inspect", "--limits", "--json"]));
    let limits = report["limits"].as_array().expect("limits");
    assert!(
        limits.iter().all(|limit| limit["from"] == "default"),
        "{report}"
    );
    // Without a file, the output names none.
    let empty = tempfile::tempdir().expect("a temporary folder");
    let report = limits_of(command(empty.path(), &["inspect", "--limits", "--json"]));
    assert_eq!(report["file"], Value::Null);
}

#[test]
fn invalid_configurations_are_rejected() {
    let all: Vec<String> = [
        "[limits]\nmemroy = \"1GiB\"\n",
        "[limits]\nmemory = \"12 parsecs\"\n",
        "[limits]\nmemory = \"1TiB\"\n",
        "[limits]\nmemory = \"8GiB\"\n",
        "[limits]\nmemory = 12\n",
        "[limits]\nqueue_time = true\n",
        "[limits]\nhead_timeout = \"2h\"\n",
        "[limits]\nconnections = \"many\"\n",
        "[limits]\nconnections = 0\n",
        "[limit]\nqueue = 1\n",
        "[metrics]\non = true\n",
        "[instances]\nmax-memory = \"1GiB\"\n",
        "[instances]\ncolour = \"red\"\n",
        "[instances]\npolicy = \"never\"\n",
        "[serve]\nport = \"http\"\n",
        "[serve]\nlog_format = \"xml\"\n",
        "[serve]\nmetrics = \"9090\"\n",
        "[serve.secrets]\nkey = \"hunter2\"\n",
        "[routes.items]\ntimeuot = \"1s\"\n",
        "limits = 1\n",
        "[serve]\nport = 80\nport = 81\n",
        "[limits]\nqueue = = 1\n",
    ]
    .iter()
    .map(|text| {
        let folder = folder(text);
        let said = failed(&Run::of(&mut command(
            folder.path(),
            &["serve", "--port", "0"],
        )));
        format!("{text}{said}\n")
    })
    .collect();
    golden("config", &all.concat());
}

#[test]
fn an_explicitly_named_file_must_exist() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("dir.toml")).expect("a folder");
    let said = |file| {
        failed(&Run::of(&mut command(
            folder.path(),
            &["serve", "--config", file],
        )))
    };
    golden("config-missing", &said("nothing.toml"));
    golden("config-folder", &said("dir.toml"));
    fs::write(folder.path().join("bytes.toml"), b"\xff\xfe").expect("a file");
    golden("config-not-text", &said("bytes.toml"));
}

#[test]
fn configured_routes_must_exist_in_the_app() {
    let app = Lane::Rust.guest("hello");
    let said = |text: &str| {
        let folder = folder(text);
        let args = ["serve", app.to_str().expect("a path"), "--port", "0"];
        failed(&Run::of(&mut command(folder.path(), &args)))
    };
    let near = said("[routes.helo]\ntimeout = 1\n");
    let far = said("[routes.nothing]\ntimeout = 1\n");
    golden("config-route", &(near + &far));
}

#[test]
fn inspect_accepts_limit_flags_only_with_limits() {
    let app = Lane::Rust.guest("hello");
    let app = app.to_str().expect("a path");
    let said = failed(&host().run(["inspect", app, "--queue", "1"]));
    assert!(said.contains("`--limits`"), "{said}");
}

#[test]
fn inspect_shows_the_limits_of_routes() {
    let app = Lane::Rust.guest("faulty");
    let app = app.to_str().expect("a path");
    let folder = folder("[serve]\ntimeout = \"7s\"\n[routes.raw]\ninstances = \"fresh\"\n");
    let report = limits_of(command(
        folder.path(),
        &["inspect", "--limits", app, "--json"],
    ));
    let routes = report["routes"].as_array().expect("routes");
    let find = |path: &str| {
        let route = routes.iter().find(|route| route["path"] == path);
        route.unwrap_or_else(|| panic!("`{path}` in {report}"))
    };
    let raw = find("/body/raw");
    assert_eq!(
        (&raw["instances"]["value"], &raw["instances"]["from"]),
        (&"fresh".into(), &"file".into())
    );
    assert_eq!(
        (&raw["timeout"]["value"], &raw["timeout"]["from"]),
        (&7000.into(), &"file".into())
    );
    let small = find("/body/small");
    assert_eq!(
        (&small["body_limit"]["value"], &small["body_limit"]["from"]),
        (&16.into(), &"component".into())
    );
    assert!(
        report["instance"]["memories"].as_u64() >= Some(1),
        "{report}"
    );
    let run = Run::of(&mut command(folder.path(), &["inspect", "--limits", app]));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let said = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "limits.queue_time 10s default --queue-time",
        "route raw instances fresh file timeout 7s file",
        "initial size of an instance memories 1",
    ] {
        assert!(said.contains(words), "`{words}` in {}", run.stdout);
    }
}

#[test]
fn metrics_accept_port_zero() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let address = format!("127.0.0.1:{port}");
    let app = Lane::Rust.guest("hello");
    let app = app.to_str().expect("a path");
    let run = host().run(["serve", app, "--port", "0", "--metrics-address", &address]);
    golden("metrics-port-in-use", &failed(&run).replace(&port, "PORT"));
}
