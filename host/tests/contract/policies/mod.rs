//! Policies that the host enforces for routes.

mod auth;
mod combined;
mod compression;
mod cors;
mod rate_limit;
mod request_id;
mod secrets;
mod static_files;
mod static_paths;

use serde_json::{Value, json};
use spikard_wasm_testing::{Server, define};
use tempfile::TempPath;

use crate::support::host;

/// An app: its settings, its routes (method, path and settings), and the reply of each route.
struct App {
    settings: Value,
    routes: Vec<(&'static str, &'static str, Value)>,
    reply: Value,
}

impl App {
    fn new(settings: Value) -> Self {
        Self {
            settings,
            routes: Vec::new(),
            reply: json!([200, "", "fine"]),
        }
    }

    fn route(mut self, method: &'static str, path: &'static str, settings: Value) -> Self {
        self.routes.push((method, path, settings));
        self
    }

    /// Sets the status, headers and text of the last route's reply.
    fn reply(mut self, status: u16, headers: Value, text: &str) -> Self {
        self.reply = json!([status, headers.to_string(), text]);
        self
    }

    fn component(&self) -> TempPath {
        let routes = self.routes.iter().map(|(method, path, settings)| {
            json!({"method": method, "path": path, "settings": settings.to_string()})
        });
        define(&json!({
            "app": {
                "name": "shop",
                "version": "1.0.0",
                "settings": self.settings.to_string(),
                "routes": routes.collect::<Vec<_>>(),
            },
            "reply": self.reply,
        }))
    }

    fn serve(&self, args: &[&str]) -> Server {
        let component = self.component();
        host().serve(Some(&component)).args(args).start()
    }

    /// Serves the app with an environment variable.
    fn serve_with_env(&self, name: &str, value: &str, args: &[&str]) -> Server {
        let component = self.component();
        let serve = host().serve(Some(&component)).args(args);
        serve.env(name, value).start()
    }

    /// Returns the error of an app that cannot be served.
    fn refused(&self, args: &[&str]) -> String {
        let component = self.component();
        let mut command = vec!["serve", component.to_str().expect("a path"), "--port", "0"];
        command.extend(args);
        let run = host().run(command);
        assert_eq!(run.code, Some(1), "{run:?}");
        run.stderr
    }
}
