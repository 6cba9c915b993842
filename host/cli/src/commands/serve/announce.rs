//! Start-up line of `serve`, followed by one line per app if it serves several.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Value, json};
use spikard_wasm_runtime::Kind;

use super::load::{AppSummary, LoadedApp};
use crate::args::LogFormat;
use crate::commands::elapsed_ms;
use crate::config::Config;

/// Prepares the lines. The returned function completes the load time and prints them.
pub(super) fn lines(
    config: &Config,
    apps: &[LoadedApp],
    address: SocketAddr,
    start: Instant,
) -> impl FnOnce() + use<> {
    let url = format!("http://{address}");
    let (format, apps) = (config.log_format, apps.to_vec());
    move || {
        let ms = elapsed_ms(start);
        let (text, json) = match apps.as_slice() {
            [app] if app.fingerprint.config.name.is_none() => single_app(app, &url, ms),
            apps => several_apps(apps, &url, ms),
        };
        let line = match format {
            LogFormat::Text => text,
            LogFormat::Json => json.to_string(),
        };
        let mut out = std::io::stdout();
        // Standard output may be closed, which is not an error.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

fn single_app(app: &LoadedApp, url: &str, ms: f64) -> (String, Value) {
    let summary = &app.summary;
    let (title, routes, cache) = (summary.title(), summary.routes_or_world(), summary.cache);
    let next = match app.fingerprint.config.component {
        None => "; this is the demo app; open the address for next steps",
        Some(_) => "",
    };
    let text =
        format!("serving {title} at {url} ({routes}, loaded in {ms} ms, cache {cache}){next}");
    let json = json!({
        "event": "serving", "url": url, "app": summary.name, "version": summary.version,
        "world": summary.kind.world(), "routes": summary.routes, "load_ms": ms, "cache": cache,
    });
    (text, json)
}

fn several_apps(apps: &[LoadedApp], url: &str, ms: f64) -> (String, Value) {
    let number = apps.len();
    let plural_apps = plural(number);
    let mut text = format!("serving {number} app{plural_apps} at {url} (loaded in {ms} ms)");
    let mut all = Vec::new();
    for LoadedApp {
        fingerprint,
        summary,
        ..
    } in apps
    {
        let (config, mount) = (&fingerprint.config, &fingerprint.config.mount);
        let label = config.label();
        text += &format!(
            "\n  {label} at {mount}: {} ({}, cache {})",
            summary.title(),
            summary.routes_or_world(),
            summary.cache
        );
        all.push(json!({
            "name": label, "host": mount.host_name(), "path": format!("{}/", mount.prefix()),
            "app": summary.name, "version": summary.version, "world": summary.kind.world(),
            "routes": summary.routes, "cache": summary.cache,
        }));
    }
    let json = json!({"event": "serving", "url": url, "apps": all, "load_ms": ms});
    (text, json)
}

impl AppSummary {
    /// Name, followed by the version if it has one.
    fn title(&self) -> String {
        let (name, version) = (&self.name, &self.version);
        match version.as_str() {
            "" => name.clone(),
            _ => format!("{name} {version}"),
        }
    }

    /// Number of routes, or the world of a `wasi:http` app.
    fn routes_or_world(&self) -> String {
        match self.kind {
            Kind::Handler => format!("{} route{}", self.routes, plural(self.routes)),
            Kind::Proxy | Kind::Service => self.kind.world().to_owned(),
        }
    }
}

fn plural(number: usize) -> &'static str {
    if number == 1 { "" } else { "s" }
}
