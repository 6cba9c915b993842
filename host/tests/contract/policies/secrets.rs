//! Secrets from the operator.

use std::fs;

use serde_json::json;
use tempfile::tempdir;

use super::App;
use crate::support::host;

fn app() -> App {
    App::new(json!({})).route(
        "GET",
        "/",
        json!({"api_key": {"keys": {"ci": {"secret": "ci-key"}}}}),
    )
}

#[test]
fn secrets_come_from_files_and_variables() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("key");
    fs::write(&path, "hunter2\r\n").expect("a file");
    let from_file = format!("ci-key=file:{}", path.display());
    for (server, what) in [
        (app().serve(&["--secret", &from_file]), "file"),
        (
            app().serve_with_env("CI_KEY", "hunter2", &["--secret", "ci-key=env:CI_KEY"]),
            "variable",
        ),
    ] {
        let key = [("x-api-key", "hunter2")];
        assert_eq!(
            server.client().send("GET", "/", &key, b"").status,
            200,
            "{what}"
        );
        assert_eq!(server.client().get("/").status, 401, "{what}");
        let log = server.stop().log;
        assert!(!log.contains("hunter2"), "{log}");
    }
}

#[test]
fn granted_secrets_are_for_policies_too() {
    let folder = tempdir().expect("a folder");
    let secret = |name: &str, value: &str| {
        let path = folder.path().join(name);
        fs::write(&path, value).expect("a file");
        format!("ci-key=file:{}", path.display())
    };
    let (granted, other) = (secret("granted", "hunter2"), secret("other", "hunter3"));
    for args in [
        &["--grant-secret", &granted][..],
        &["--grant-secret", &granted, "--secret", &other],
    ] {
        let server = app().serve(args);
        let status = |key| {
            let key = [("x-api-key", key)];
            server.client().send("GET", "/", &key, b"").status
        };
        assert_eq!(
            (status("hunter2"), status("hunter3")),
            (200, 401),
            "{args:?}"
        );
        let log = server.stop().log;
        assert!(!log.contains("hunter"), "{log}");
    }
}

#[test]
fn a_missing_secret_prevents_the_start() {
    let folder = tempdir().expect("a folder");
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").expect("a file");
    let nowhere = format!("ci-key=file:{}/nowhere", folder.path().display());
    let empty = format!("ci-key=file:{}", empty.display());
    for (args, expected) in [
        (
            vec![],
            "error: route `GET /` cannot be served: its `api_key` needs the secret `ci-key`, which is not given; start with `--secret ci-key=env:VARIABLE`, or, if the app reads it too, add `ci-key = \"env:VARIABLE\"` to `[grants.secrets]` in spikard.toml",
        ),
        (
            vec!["--secret", "ci-key=env:SPIKARD_NOT_SET"],
            "error: secret `ci-key` comes from the environment variable `SPIKARD_NOT_SET`, which is not set; set it",
        ),
        (
            vec!["--secret", nowhere.as_str()],
            "error: failed to read the secret `ci-key` from",
        ),
        (
            vec!["--secret", empty.as_str()],
            "error: the secret `ci-key` is empty",
        ),
        (
            vec!["--secret", empty.as_str(), "--secret", "ci-key=env:A"],
            "error: the secret `ci-key` is empty",
        ),
        (
            vec!["--grant-secret", "ci-key=env:SPIKARD_NOT_SET"],
            "error: secret `ci-key` comes from the environment variable `SPIKARD_NOT_SET`, which is not set; set it",
        ),
        (
            vec!["--sql", "main=env:SPIKARD_NOT_SET"],
            "error: the location of database `main` comes from the environment variable `SPIKARD_NOT_SET`, which is not set; set it",
        ),
    ] {
        let error = app().refused(&args);
        assert!(error.starts_with(expected), "{args:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn inspect_does_not_require_secrets() {
    let component = app().component();
    let run = host().run(["inspect", component.to_str().expect("a path")]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("GET"), "{run:?}");
}
