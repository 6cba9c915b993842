//! `inspect --limits`: every limit that can be set, with its value and whose word it is.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{App, Origin, Route, one_line};
use spikard_wasm_runtime::{Kind, Limits, Loaded, Runtime};

use super::{Source, load};
use crate::args::InspectArgs;
use crate::config::Bounds;
use crate::config::file::File;
use crate::config::limits::{Key, Limit, TABLE};
use crate::config::said::Source as Said;

pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let is_file = |path: &&PathBuf| path.extension().is_some_and(|it| it == "toml");
    let named = args.app.as_ref().filter(is_file);
    let file = File::find(named.or(args.config.config.as_ref()).map(AsRef::as_ref))?;
    let found = file.as_ref().map(|file| file.path.display().to_string());
    let file = file.unwrap_or_default();
    let bounds = Bounds::merge(&args.config, &file);
    let mut report = json!({"file": found, "limits": of_bounds(&bounds, |_| true)});
    if !file.apps.is_empty() {
        let apps = file.apps.iter().map(|app| {
            let bounds = Bounds::of_app(&args.config, &file, app);
            json!({
                "name": app.name, "at": app.mount.to_string(),
                "component": app.component.display().to_string(),
                "limits": of_bounds(&bounds, |limit| !limit.is_of_host()),
            })
        });
        report["apps"] = apps.collect();
    }
    if let Some(path) = args.app.as_ref().filter(|path| !is_file(path)) {
        let runtime = Runtime::new(Limits {
            instances: 1,
            ..bounds.runtime()
        })?
        .looking_only();
        let cache = args.cache.cache();
        let (loaded, description) = load(&runtime, &Source::File(path), cache.as_ref())?;
        let defaults = bounds.defaults(Secrets::default());
        report["routes"] = match loaded.kind() {
            Kind::Handler => {
                let app = App::new(&description, &defaults)?;
                let routes = app.routes().iter();
                routes.map(|route| of_route(route, &bounds)).collect()
            }
            kind => {
                App::without_routes(&description.name, &defaults)?;
                json!([of_http(kind, &bounds)])
            }
        };
        report["instance"] = of_instance(&loaded);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", text(&report));
    }
    Ok(())
}

fn of_bounds(bounds: &Bounds, is_wanted: impl Fn(&Limit) -> bool) -> Vec<Value> {
    let (isolation, said) = bounds.isolation;
    let policy = json!({
        "key": "instances.policy", "flag": "--instances", "value": isolation.as_str(),
        "shown": isolation.as_str(), "unit": "policy", "from": said.as_str(),
        "about": "Whether requests share instances, where neither route nor app says",
    });
    let limits = TABLE.iter().filter(|limit| is_wanted(limit)).map(|limit| {
        let (value, said) = bounds.limits.get(limit.key);
        json!({
            "key": format!("{}.{}", limit.table, limit.name),
            "flag": format!("--{}", limit.flag),
            "variable": limit.variable,
            "value": value,
            "shown": limit.show(value),
            "unit": limit.unit(),
            "from": said.as_str(),
            "about": limit.about,
        })
    });
    limits.chain([policy]).collect()
}

/// The limits of a route; where it has none of its own, those of all routes.
fn of_route(route: &Route, bounds: &Bounds) -> Value {
    let from = |origin, all: Said| match origin {
        Origin::Default => all.as_str(),
        Origin::Component => "component",
        Origin::Override => "file",
    };
    let origins = route.origins();
    let time = route.timeout().as_millis() as u64;
    let show = |key: Key, value| TABLE[key as usize].show(value);
    let (all_time, all_body) = (
        bounds.limits.get(Key::Timeout).1,
        bounds.limits.get(Key::BodyLimit).1,
    );
    json!({
        "name": route.name(),
        "method": route.method().as_str(),
        "path": route.pattern().as_str(),
        "instances": {
            "value": route.isolation().as_str(), "shown": route.isolation().as_str(),
            "from": from(origins.instances, bounds.isolation.1),
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

/// The limits of all that an app for `wasi:http` is asked.
fn of_http(kind: Kind, bounds: &Bounds) -> Value {
    let http = bounds.http(kind);
    let from = |key| bounds.limits.get(key).1.as_str();
    let time = http.timeout.as_millis() as u64;
    let limit = Some(http.body_limit).filter(|limit| *limit != u64::MAX);
    let none = || "none".to_owned();
    json!({
        "name": "*",
        "instances": {
            "value": http.isolation.as_str(), "shown": http.isolation.as_str(),
            "from": bounds.isolation.1.as_str(),
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

/// What an instance begins with.
fn of_instance(loaded: &Loaded) -> Value {
    let sizes = loaded.sizes();
    json!({
        "memories": sizes.memories,
        "initial_memory": sizes.initial_memory,
        "tables": sizes.tables,
    })
}

/// The report for people: the same facts as the JSON.
fn text(report: &Value) -> String {
    let mut out = String::new();
    let string = |value: &Value| one_line(value.as_str().unwrap_or_default()).into_owned();
    if let Some(file) = report["file"].as_str() {
        let _ = writeln!(out, "file       {}\n", one_line(file));
    }
    let limits = |out: &mut String, of: &Value| {
        for limit in of["limits"].as_array().into_iter().flatten() {
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
        let _ = writeln!(out, "\nan instance begins with");
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
