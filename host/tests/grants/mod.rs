//! What an app may use of the world outside, each capability absent, denied, granted and
//! over its limit. `guests/conformance/grants` is the app; docs/capabilities.md says what
//! there is.

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

/// A folder with a `spikard.toml`, for one app.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes `spikard.toml`. What the app imports is granted; `grants` and what follows
    /// it say what else.
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

    /// What is said where the app cannot be served with this file.
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
            panic!("not one error: {}", run.stderr);
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

/// Lets the app do something.
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

/// Lets it do what must work.
#[track_caller]
fn done(server: &Server, what: Value) -> Value {
    act(server, &what).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Lets it do what must fail.
#[track_caller]
fn failed(server: &Server, what: Value) -> String {
    match act(server, &what) {
        Ok(value) => panic!("{what}: {value}"),
        Err(error) => error,
    }
}

/// What of a store is to be done, through a draft of the interface.
fn keyvalue(draft: u8, act: &str, more: Value) -> Value {
    let mut all = json!({"draft": draft, "store": "default", "do": act});
    for (name, value) in more.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    all
}
