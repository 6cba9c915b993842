//! `openapi`: writes the OpenAPI document of a component.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, bail};
use spikard_wasm_app::{App, Defaults, OpenApi};
use spikard_wasm_runtime::{Kind, Limits, Runtime};

use super::{ComponentSource, check_component, check_output, load};
use crate::args::{LogFormat, LogLevel, OpenapiArgs};

pub(crate) fn run(args: &OpenapiArgs) -> Result<()> {
    crate::log::start(LogFormat::Text, LogLevel::Warn);
    check_component(&args.app)?;
    if let Some(output) = &args.output {
        check_output(output, &args.app)?;
    }
    let runtime = Runtime::new(Limits {
        instances: 1,
        ..Limits::default()
    })?
    .inspect_only();
    let cache = args.cache.cache();
    let (loaded, description) = load(&runtime, &ComponentSource::File(&args.app), cache.as_ref())?;
    if loaded.kind() != Kind::Handler {
        bail!(
            "`{}` is a `wasi:http` app, which declares no routes; only apps built with a spikard-wasm SDK have an OpenAPI document",
            args.app.display()
        );
    }
    // Reject apps that `serve` would reject.
    App::new(&description, &Defaults::default())?;
    let api = OpenApi::new(&description)?;
    let text = serde_json::to_string_pretty(api.document())? + "\n";
    match &args.output {
        Some(path) => fs::write(path, text)
            .with_context(|| format!("failed to write the document to `{}`", path.display())),
        None => std::io::stdout()
            .write_all(text.as_bytes())
            .context("failed to write the document to standard output"),
    }
}
