//! `inspect`: reports a component's world, routes, grants, interfaces and sizes.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use spikard_wasm_app::{App, Declared, Defaults, Grants, HookKind, Location, Route, one_line};
use spikard_wasm_runtime::{
    Interfaces, Kind, Limits, LoadError, Loaded, Need, Runtime, WORLD, WORLD_SERVICE,
    WORLD_WITH_HOOKS,
};

use super::{ComponentSource, check_component, limits, load};
use crate::args::{InspectArgs, LogFormat, LogLevel};

pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    crate::log::start(LogFormat::Text, LogLevel::Warn);
    if args.show_limits {
        return limits::run(args);
    }
    if !args.config.is_empty() {
        bail!("`--config`, `--instances` and limit flags require `--limits`; add it, or omit them");
    }
    let Some(app) = &args.app else {
        bail!("`inspect` requires a component; pass its path");
    };
    check_component(app)?;
    let runtime = Runtime::new(Limits {
        instances: 1,
        ..Limits::default()
    })?
    .inspect_only();
    let report = match load(
        &runtime,
        &ComponentSource::File(app),
        args.cache.cache().as_ref(),
    ) {
        Ok((loaded, description)) if loaded.kind() != Kind::Handler => {
            wasi_http_report(&loaded, &description.name)
        }
        Ok((loaded, description)) => {
            let app = App::new(&description, &Defaults::default())?;
            loaded.check_app(&app)?;
            app_report(&loaded, &app)
        }
        // A component of another world cannot be served, but its interfaces can be read.
        Err(error @ LoadError::WrongWorld { .. }) => {
            let bytes = fs::read(app).context("failed to read the component")?;
            let interfaces = Interfaces::read(&app.display().to_string(), &bytes)?;
            unserved_report(&interfaces, bytes.len(), &error)
        }
        Err(error) => return Err(error.into()),
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", text(&report));
    }
    Ok(())
}

fn app_report(loaded: &Loaded, app: &App) -> Value {
    json!({
        "world": world(loaded.interfaces()),
        "app": {"name": app.name(), "version": app.version()},
        "routes": app.routes().iter().map(route_json).collect::<Vec<_>>(),
        "grants": grants_json(loaded.interfaces()),
        "settings": settings_json(app.declared()),
        "secrets": app.declared().secrets(),
        "imports": loaded.interfaces().imports,
        "exports": loaded.interfaces().exports,
        "sizes": sizes(loaded),
    })
}

/// The settings that the app declares.
fn settings_json(declared: &Declared) -> Value {
    let settings = declared.settings();
    settings
        .map(|(name, is_required)| json!({"name": name, "required": is_required}))
        .collect()
}

/// Returns the smallest world that has the exports of a handler component.
fn world(interfaces: &Interfaces) -> &'static str {
    match (interfaces.exports_resumable(), interfaces.exports_hooks()) {
        (true, _) => WORLD_SERVICE,
        (false, true) => WORLD_WITH_HOOKS,
        (false, false) => WORLD,
    }
}

/// Report of a `wasi:http` app, which declares no routes.
fn wasi_http_report(loaded: &Loaded, name: &str) -> Value {
    json!({
        "world": loaded.kind().world(),
        "app": {"name": name, "version": ""},
        "grants": grants_json(loaded.interfaces()),
        "imports": loaded.interfaces().imports,
        "exports": loaded.interfaces().exports,
        "sizes": sizes(loaded),
    })
}

fn sizes(loaded: &Loaded) -> Value {
    let sizes = loaded.sizes();
    json!({
        "component": sizes.component,
        "compiled": sizes.compiled,
        "memories": sizes.memories,
        "initial_memory": sizes.initial_memory,
        "tables": sizes.tables,
    })
}

/// The grants that a component needs.
fn grants_json(interfaces: &Interfaces) -> Value {
    let granted = Grants::default();
    let need = |(need, import): (Need, &str)| {
        json!({
            "name": need.as_str(),
            "import": import,
            "line": need.line(),
            "by_default": need.is_granted(&granted),
        })
    };
    interfaces.needs().into_iter().map(need).collect()
}

fn route_json(route: &Route) -> Value {
    let location = |location| match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
        Location::Cookie => "cookie",
    };
    let parameters = route.parameters().iter().map(|parameter| {
        json!({"name": parameter.name(), "in": location(parameter.location()), "key": parameter.key()})
    });
    json!({
        "method": route.method().as_str(),
        "path": route.pattern().as_str(),
        "name": route.name(),
        "parameters": parameters.collect::<Vec<_>>(),
        "hooks": route.hooks().iter().map(HookKind::as_str).collect::<Vec<_>>(),
        "body_limit": route.body_limit(),
        "timeout_ms": route.timeout().min(Duration::from_secs(86_400)).as_millis() as u64,
    })
}

fn unserved_report(interfaces: &Interfaces, bytes: usize, why: &LoadError) -> Value {
    json!({
        "world": null,
        "reason": why.to_string(),
        "grants": grants_json(interfaces),
        "imports": interfaces.imports,
        "exports": interfaces.exports,
        "sizes": {"component": bytes},
    })
}

/// Formats the JSON report as text.
fn text(report: &Value) -> String {
    let mut out = String::new();
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(out, "{label:<10} {value}");
    };
    let string = |value: &Value| one_line(value.as_str().unwrap_or_default()).into_owned();
    match report["world"].as_str() {
        Some(world) => {
            line("world", world);
            let app = &report["app"];
            line(
                "app",
                format!("{} {}", string(&app["name"]), string(&app["version"])).trim_end(),
            );
        }
        None => line(
            "world",
            &format!("unsupported: {}", string(&report["reason"])),
        ),
    }
    for (name, value) in report["sizes"].as_object().into_iter().flatten() {
        let Some(number) = value.as_u64() else {
            continue;
        };
        let label = if name == "component" { "sizes" } else { "" };
        let amount = match name.as_str() {
            "memories" | "tables" => number.to_string(),
            _ => format!("{:.2} MB", number as f64 / 1e6),
        };
        line(label, &format!("{amount} {}", name.replace('_', " ")));
    }
    let mut label = "routes";
    for route in report["routes"].as_array().into_iter().flatten() {
        let parameters: Vec<String> = route["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] != "path")
            .map(|parameter| {
                format!(
                    "{} {}",
                    string(&parameter["in"]),
                    string(&parameter["name"])
                )
            })
            .collect();
        let head = format!("{:<7} {}", string(&route["method"]), string(&route["path"]));
        let hooks = route["hooks"].as_array().into_iter().flatten();
        let hooks = hooks.map(|hook| format!("hook {}", string(hook)));
        let notes: Vec<String> = parameters.into_iter().chain(hooks).collect();
        let tail = if notes.is_empty() {
            String::new()
        } else {
            format!("  ({})", notes.join(", "))
        };
        line(label, &format!("{head}{tail}"));
        label = "";
    }
    let mut label = "grants";
    for grant in report["grants"].as_array().into_iter().flatten() {
        let how = match grant["by_default"] == true {
            true => "by default".to_owned(),
            false => format!("by `{}`", string(&grant["line"])),
        };
        line(label, &format!("{:<8} {how}", string(&grant["name"])));
        label = "";
    }
    let mut label = "settings";
    for setting in report["settings"].as_array().into_iter().flatten() {
        let how = match setting["required"] == true {
            true => "required",
            false => "optional",
        };
        line(label, &format!("{:<8} {how}", string(&setting["name"])));
        label = "";
    }
    for kind in ["secrets", "imports", "exports"] {
        let mut label = kind;
        for name in report[kind].as_array().into_iter().flatten() {
            line(label, &string(name));
            label = "";
        }
    }
    out
}
