//! What `serve` prints when it serves: one line, and another for each app where there
//! are several.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Value, json};
use spikard_wasm_runtime::Kind;

use super::load::{Facts, Ready};
use crate::args::LogFormat;
use crate::commands::millis;
use crate::config::Config;

/// The lines, to be printed when the load time is complete.
pub(super) fn lines(
    config: &Config,
    apps: &[Ready],
    address: SocketAddr,
    start: Instant,
) -> impl FnOnce() + use<> {
    let url = format!("http://{address}");
    let (format, apps) = (config.log_format, apps.to_vec());
    move || {
        let ms = millis(start);
        let (text, json) = match apps.as_slice() {
            [app] if app.made_of.config.name.is_none() => of_one(app, &url, ms),
            apps => of_several(apps, &url, ms),
        };
        let line = match format {
            LogFormat::Text => text,
            LogFormat::Json => json.to_string(),
        };
        let mut out = std::io::stdout();
        // Whoever closed standard output does not want the line.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

fn of_one(app: &Ready, url: &str, ms: f64) -> (String, Value) {
    let facts = &app.facts;
    let (app_is, what, cache) = (facts.shown(), facts.what(), facts.cache);
    let next = match app.made_of.config.component {
        None => "; this is the demo app, open the address to see what to do next",
        Some(_) => "",
    };
    let text =
        format!("serving {app_is} at {url} ({what}, loaded in {ms} ms, cache {cache}){next}");
    let json = json!({
        "event": "serving", "url": url, "app": facts.name, "version": facts.version,
        "world": facts.kind.world(), "routes": facts.routes, "load_ms": ms, "cache": cache,
    });
    (text, json)
}

fn of_several(apps: &[Ready], url: &str, ms: f64) -> (String, Value) {
    let number = apps.len();
    let plural_apps = plural(number);
    let mut text = format!("serving {number} app{plural_apps} at {url} (loaded in {ms} ms)");
    let mut all = Vec::new();
    for Ready { made_of, facts, .. } in apps {
        let (config, mount) = (&made_of.config, &made_of.config.mount);
        let label = config.label();
        text += &format!(
            "\n  {label} at {mount}: {} ({}, cache {})",
            facts.shown(),
            facts.what(),
            facts.cache
        );
        all.push(json!({
            "name": label, "host": mount.host_name(), "path": format!("{}/", mount.prefix()),
            "app": facts.name, "version": facts.version, "world": facts.kind.world(),
            "routes": facts.routes, "cache": facts.cache,
        }));
    }
    let json = json!({"event": "serving", "url": url, "apps": all, "load_ms": ms});
    (text, json)
}

impl Facts {
    /// Its name, and its version where it has one.
    fn shown(&self) -> String {
        let (name, version) = (&self.name, &self.version);
        match version.as_str() {
            "" => name.clone(),
            _ => format!("{name} {version}"),
        }
    }

    /// Its routes, or which other world it is of.
    fn what(&self) -> String {
        match self.kind {
            Kind::Handler => format!("{} route{}", self.routes, plural(self.routes)),
            Kind::Proxy | Kind::Service => self.kind.world().to_owned(),
        }
    }
}

fn plural(number: usize) -> &'static str {
    if number == 1 { "" } else { "s" }
}
