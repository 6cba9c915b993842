//! Several apps in one host: mounts, metrics and limits by app, internal requests, reload and
//! `--watch`.

mod configuration;
mod figures;
mod internal;
mod load;
mod mounts;
mod reload;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use spikard_wasm_testing::{Serve, Server, define};
use tempfile::TempDir;

use crate::support::host;

/// A temporary directory with components and a `spikard.toml`.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// Replaces a file atomically by a rename.
    fn replace(&self, name: &str, from: &Path) {
        let temporary = self.path(&format!("{name}.new"));
        fs::copy(from, &temporary).expect("a copy");
        fs::rename(temporary, self.path(name)).expect("a new name");
    }

    /// Writes a component whose routes all answer with a text.
    fn app(&self, name: &str, text: &str) {
        self.define(name, app(text, &["/", "/x", "/metrics"], json!({})));
    }

    fn define(&self, name: &str, definition: Value) {
        self.replace(name, &define(&definition));
    }

    fn config(&self, text: &str) {
        self.write("spikard.toml", text);
    }

    /// Prepares a server of its `spikard.toml`.
    fn to_serve(&self) -> Serve {
        host().serve(Some(&self.path("spikard.toml")))
    }

    fn serve(&self, args: &[&str]) -> Server {
        self.to_serve().args(args).start_now()
    }
}

/// Defines an app whose routes all answer with a text.
fn app(text: &str, paths: &[&str], settings: Value) -> Value {
    let route = |path: &&str| json!({"method": "GET", "path": path, "name": format!("at {path}")});
    let routes: Vec<Value> = paths.iter().map(route).collect();
    json!({
        "app": {"name": text, "version": "1", "routes": routes, "settings": settings.to_string()},
        "reply": [200, "", text],
    })
}

/// Sends GET for a host and a path, and returns the status and the body.
fn ask(server: &Server, host: &str, path: &str) -> (u16, String) {
    let response = server
        .wire()
        .ask(&format!("GET {path} HTTP/1.1\r\nhost: {host}"));
    (response.status, response.text())
}

/// Returns the body of a GET that must succeed.
#[track_caller]
fn found(server: &Server, host: &str, path: &str) -> String {
    let (status, text) = ask(server, host, path);
    assert_eq!(status, 200, "{host} {path}: {text}");
    text
}
