//! `inspect --limits`: every limit with its effective value and source.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{App, Origin, Route, one_line};
use spikard_wasm_runtime::{Kind, Limits, Loaded, Runtime};

use super::{ComponentSource, load};
use crate::args::InspectArgs;
use crate::config::effective_limits::EffectiveLimits;
use crate::config::file::File;
use crate::config::limit_values::LimitSource;
use crate::config::limits::{Key, Limit, TABLE};

pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let is_file = |path: &&PathBuf| path.extension().is_some_and(|it| it == "toml");
    let named = args.app.as_ref().filter(is_file);
    let file = File::find(named.or(args.config.config.as_ref()).map(AsRef::as_ref))?;
    let found = file.as_ref().map(|file| file.path.display().to_string());
    let file = file.unwrap_or_default();
    let limits = EffectiveLimits::merge(&args.config, &file);
    let mut report = json!({"file": found, "limits": limits_json(&limits, |_| true)});
    if !file.apps.is_empty() {
        let apps = file.apps.iter().map(|app| {
            let limits = EffectiveLimits::for_app(&args.config, &file, app);
            json!({
                "name": app.name, "at": app.mount.to_string(),
                "component": app.component.display().to_string(),
                "limits": limits_json(&limits, |limit| !limit.is_host_wide()),
            })
        });
        report["apps"] = apps.collect();
    }
    if let Some(path) = args.app.as_ref().filter(|path| !is_file(path)) {
        let runtime = Runtime::new(Limits {
            instances: 1,
            ..limits.runtime()
        })?
        .inspect_only();
        let cache = args.cache.cache();
        let (loaded, description) = load(&runtime, &ComponentSource::File(path), cache.as_ref())?;
        let defaults = limits.defaults(Secrets::default());
        report["routes"] = match loaded.kind() {
            Kind::Handler => {
                let app = App::new(&description, &defaults)?;
                let routes = app.routes().iter();
                routes.map(|route| route_json(route, &limits)).collect()
            }
            kind => {
                App::without_routes(&description.name, &defaults)?;
                json!([wasi_http_json(kind, &limits)])
            }
        };
        report["instance"] = instance_json(&loaded);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", text(&report));
    }
    Ok(())
}

fn limits_json(limits: &EffectiveLimits, is_wanted: impl Fn(&Limit) -> bool) -> Vec<Value> {
    let (isolation, source) = limits.isolation;
    let policy = json!({
        "key": "instances.policy", "flag": "--instances", "value": isolation.as_str(),
        "shown": isolation.as_str(), "unit": "policy", "from": source.as_str(),
        "about": "Instance policy for routes that declare none: reuse, or fresh per request",
    });
    let limits = TABLE.iter().filter(|limit| is_wanted(limit)).map(|limit| {
        let (value, source) = limits.values.get(limit.key);
        json!({
            "key": format!("{}.{}", limit.table, limit.name),
            "flag": format!("--{}", limit.flag),
            "variable": limit.variable,
            "value": value,
            "shown": limit.show(value),
            "unit": limit.unit(),
            "from": source.as_str(),
            "about": limit.about,
        })
    });
    limits.chain([policy]).collect()
}

/// The effective limits of a route.
fn route_json(route: &Route, limits: &EffectiveLimits) -> Value {
    let from = |origin, default: LimitSource| match origin {
        Origin::Default => default.as_str(),
        Origin::Component => "component",
        Origin::Override => "file",
    };
    let origins = route.origins();
    let time = route.timeout().as_millis() as u64;
    let show = |key: Key, value| TABLE[key as usize].show(value);
    let (all_time, all_body) = (
        limits.values.get(Key::Timeout).1,
        limits.values.get(Key::BodyLimit).1,
    );
    json!({
        "name": route.name(),
        "method": route.method().as_str(),
        "path": route.pattern().as_str(),
        "instances": {
            "value": route.isolation().as_str(), "shown": route.isolation().as_str(),
            "from": from(origins.instances, limits.isolation.1),
        },
        "timeout": {
            "value": time, "shown": show(Key::Timeout, time), "unit": "milliseconds",
            "from": from(origins.timeout, all_time),
        },
        "body_limit": {
            "value": route.body_limit(), "shown": show(Key::BodyLimit, route.body_limit()),
            "unit": "bytes", "from": from(origins.body_limit, all_body),
        },
    })
}

/// The limits of all requests to a `wasi:http` app.
fn wasi_http_json(kind: Kind, limits: &EffectiveLimits) -> Value {
    let http = limits.http(kind);
    let from = |key| limits.values.get(key).1.as_str();
    let time = http.timeout.as_millis() as u64;
    let limit = Some(http.body_limit).filter(|limit| *limit != u64::MAX);
    let none = || "none".to_owned();
    json!({
        "name": "*",
        "instances": {
            "value": http.isolation.as_str(), "shown": http.isolation.as_str(),
            "from": limits.isolation.1.as_str(),
        },
        "timeout": {
            "value": time, "shown": TABLE[Key::Timeout as usize].show(time),
            "unit": "milliseconds", "from": from(Key::Timeout),
        },
        "body_limit": {
            "value": limit,
            "shown": limit.map_or_else(none, |it| TABLE[Key::BodyLimit as usize].show(it)),
            "unit": "bytes", "from": from(Key::BodyLimit),
        },
    })
}

/// Initial resources of an instance.
fn instance_json(loaded: &Loaded) -> Value {
    let sizes = loaded.sizes();
    json!({
        "memories": sizes.memories,
        "initial_memory": sizes.initial_memory,
        "tables": sizes.tables,
    })
}

/// Formats the JSON report as text.
fn text(report: &Value) -> String {
    let mut out = String::new();
    let string = |value: &Value| one_line(value.as_str().unwrap_or_default()).into_owned();
    if let Some(file) = report["file"].as_str() {
        let _ = writeln!(out, "file       {}\n", one_line(file));
    }
    let limits = |out: &mut String, report: &Value| {
        for limit in report["limits"].as_array().into_iter().flatten() {
            let _ = writeln!(
                out,
                "{:<27} {:<8} {:<12} {}",
                string(&limit["key"]),
                string(&limit["shown"]),
                string(&limit["from"]),
                string(&limit["flag"]),
            );
        }
    };
    limits(&mut out, report);
    for app in report["apps"].as_array().into_iter().flatten() {
        let (name, at) = (string(&app["name"]), string(&app["at"]));
        let _ = writeln!(out, "\napp {name} at {at}: {}", string(&app["component"]));
        limits(&mut out, app);
    }
    let mut head = "\n";
    for route in report["routes"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "{head}route {}", string(&route["name"]));
        for name in ["instances", "timeout", "body_limit"] {
            let (shown, from) = (string(&route[name]["shown"]), string(&route[name]["from"]));
            let _ = writeln!(out, "  {name:<25} {shown:<8} {from}");
        }
        head = "";
    }
    if let Some(instance) = report["instance"].as_object() {
        let _ = writeln!(out, "\ninitial size of an instance");
        for (name, value) in instance {
            let shown = match (name.as_str(), value.as_u64()) {
                (_, None) => "?".to_owned(),
                ("initial_memory", Some(bytes)) => TABLE[Key::Memory as usize].show(bytes),
                (_, Some(number)) => number.to_string(),
            };
            let _ = writeln!(out, "  {name:<25} {shown}");
        }
    }
    out
}
