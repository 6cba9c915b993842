//! The calls before the first request and after the last one, and declared settings.

use std::fs;

use serde_json::{Value, json};
use spikard_wasm_testing::{Server, define};
use tempfile::TempDir;

use crate::support::host;

/// Returns a definition with one route and the calls 5 (start) and 6 (stop).
fn counting(fail_call: Option<u32>) -> Value {
    let settings = json!({"lifespan": {"start": 5, "stop": 6}});
    json!({
        "app": {
            "name": "counting",
            "routes": [{"method": "GET", "path": "/"}],
            "settings": settings.to_string(),
        },
        "count_in_app": [0, 5, 6],
        "fail_call": fail_call,
    })
}

/// Tries to serve an app in several workers with a `spikard.toml` in a folder of its own.
fn try_serve(definition: &Value, toml: &str) -> Result<(TempDir, Server), String> {
    let app = define(definition);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("spikard.toml");
    fs::write(&file, toml).expect("the file");
    let config = ["--workers", "3", "--config", file.to_str().expect("UTF-8")];
    let server = host().serve(Some(&app)).args(config).try_start()?;
    Ok((folder, server))
}

/// Returns the log of a host that does not start.
#[track_caller]
fn refused(definition: &Value, toml: &str) -> String {
    match try_serve(definition, toml) {
        Ok(_) => panic!("the host serves"),
        Err(log) => log,
    }
}

#[test]
fn start_runs_once_for_all_workers_and_instances() {
    let (_folder, server) = try_serve(&counting(None), "").expect("it serves");
    for number in 1..=4 {
        let text = server.client().get("/").text();
        assert_eq!(text, format!("0: {number}\n5: 1\n6: 0"));
    }
    assert!(!server.stop().log.contains("failed"));
}

#[test]
fn the_host_does_not_start_if_the_start_of_the_app_fails() {
    let log = refused(&counting(Some(5)), "");
    let wanted = "error: the start of the app `counting` failed: call 5 failed";
    assert!(log.contains(wanted), "{log}");
}

#[test]
fn stop_runs_once_after_the_last_request() {
    let (_folder, server) = try_serve(&counting(Some(6)), "").expect("it serves");
    assert_eq!(server.client().get("/").status, 200);
    let log = server.stop().log;
    let wanted = "the stop of the app failed";
    assert_eq!(log.matches(wanted).count(), 1, "{log}");
    assert!(log.contains("call 6 failed"), "{log}");
}

#[test]
fn numbers_of_routes_are_no_calls() {
    let mut definition = counting(None);
    definition["app"]["settings"] = json!(r#"{"lifespan": {"start": 0}}"#);
    let log = refused(&definition, "");
    assert!(log.contains("`lifespan` has `start` `0`"), "{log}");
}

/// Returns a definition with declared settings and secrets.
fn declaring() -> Value {
    let settings = json!({
        "config": {
            "properties": {
                "greeting": {"type": "string", "default": "Hi"},
                "size": {"type": "integer", "minimum": 1},
            },
            "required": ["greeting", "size"],
        },
        "secrets": ["jwt"],
    });
    json!({"app": {
        "name": "declaring",
        "routes": [{"method": "GET", "path": "/"}],
        "settings": settings.to_string(),
    }})
}

#[test]
fn declared_settings_and_secrets_must_be_granted() {
    for (toml, wanted) in [
        (
            "",
            "the app needs the setting `size`; add `size = \"...\"` to `[grants.config]` in spikard.toml; \
             the app needs the secret `jwt`; add `jwt = \"env:VARIABLE\"` to `[grants.secrets]` in spikard.toml",
        ),
        (
            "[grants]\nconfig = { size = \"0\" }\nsecrets = { jwt = \"file:spikard.toml\" }\n",
            "the setting `size` is `0`: ",
        ),
    ] {
        let log = refused(&declaring(), toml);
        assert!(log.contains(wanted), "{log}");
    }
    let toml = "[grants]\nconfig = { size = \"5\" }\nsecrets = { jwt = \"file:spikard.toml\" }\n";
    let (_folder, server) = try_serve(&declaring(), toml).expect("it serves");
    assert_eq!(server.client().get("/").status, 200);
    server.stop();
}

#[test]
fn inspect_lists_declared_settings() {
    let app = define(&declaring());
    let run = host().run(["inspect", app.to_str().expect("UTF-8")]);
    assert!(
        run.stdout.contains("settings   greeting optional\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("           size     required\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("secrets    jwt\n"), "{}", run.stdout);
}
