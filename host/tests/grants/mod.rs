//! Capabilities of an app, each absent, denied, granted and over its limit. The app is
//! `guests/conformance/grants`; docs/capabilities.md lists the capabilities.

mod clocks;
mod config;
mod directories;
mod environment;
mod keyvalue;
mod limits;
mod load;
mod logging;
mod redis;
mod stdio;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use spikard_wasm_testing::{Run, Server, guest};
use tempfile::TempDir;

use crate::support::host;

/// A directory with the `spikard.toml` of one app.
struct AppDirectory(TempDir);

impl AppDirectory {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes `spikard.toml`, which grants the app's imports; `grants` adds to it.
    fn write(&self, grants: &str) -> PathBuf {
        let text = format!("[grants]\nconfig = {{}}\nkeyvalue.default = \"kv.redb\"\n{grants}\n");
        self.write_all(&text)
    }

    fn write_all(&self, text: &str) -> PathBuf {
        let file = self.path("spikard.toml");
        fs::write(&file, text).expect("the file");
        file
    }

    /// Serves the app with these grants.
    fn serve(&self, grants: &str) -> Server {
        self.serve_with(grants, &[])
    }

    fn serve_with(&self, grants: &str, args: &[&str]) -> Server {
        let file = self.write(grants);
        serve(&file, args)
    }

    /// Returns the error of an app that cannot be served with this file.
    #[track_caller]
    fn refused(&self, text: &str) -> String {
        let file = self.write_all(text);
        let run = Run::of(
            host()
                .command(["serve", "--port", "0", "--config"])
                .arg(file)
                .arg(guest("grants")),
        );
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
        let errors: Vec<&str> = run
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "))
            .collect();
        let [error] = errors.as_slice() else {
            panic!("not exactly one error: {}", run.stderr);
        };
        let error = error.replace(&guest("grants").display().to_string(), "APP");
        error.replace(&self.0.path().display().to_string(), "FOLDER")
    }
}

fn serve(config: &Path, args: &[&str]) -> Server {
    host()
        .serve(Some(&guest("grants")))
        .args(if args.contains(&"--workers") {
            &[][..]
        } else {
            &["--workers", "1"]
        })
        .args(["--config".as_ref(), config.as_os_str()])
        .args(args)
        .start()
}

/// Makes the app perform an action.
#[track_caller]
fn act(server: &Server, what: &Value) -> Result<Value, String> {
    let response = server
        .client()
        .post("/do", "application/json", what.to_string().as_bytes());
    assert_eq!(response.status, 200, "{what}: {}", response.text());
    let done: Value = serde_json::from_slice(&response.body).expect("JSON");
    match done.get("ok") {
        Some(value) => Ok(value.clone()),
        None => Err(done["error"].as_str().expect("an error").to_owned()),
    }
}

/// Makes the app perform an action that must succeed.
#[track_caller]
fn act_ok(server: &Server, what: Value) -> Value {
    act(server, &what).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Makes the app perform an action that must fail.
#[track_caller]
fn act_err(server: &Server, what: Value) -> String {
    match act(server, &what) {
        Ok(value) => panic!("{what}: {value}"),
        Err(error) => error,
    }
}

/// Describes an action on a store through a draft of the interface.
fn keyvalue(draft: u8, act: &str, more: Value) -> Value {
    let mut all = json!({"draft": draft, "store": "default", "do": act});
    for (name, value) in more.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    all
}
