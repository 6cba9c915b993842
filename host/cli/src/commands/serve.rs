//! `serve`: loads the configured apps and serves them until a signal stops the host.

mod announce;
mod files;
mod load;
mod reload;
mod watch;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, bail};
use spikard_wasm_app::Grants;
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_runtime::LoadError;
use spikard_wasm_server::{Handle, Listener, Metrics, ServeError, Settings};

use super::{check_component, migrate};
use crate::args::ServeArgs;
use crate::config::Config;
use crate::config::values::MetricsEndpoint;
use load::LoadedApp;
use reload::Reloader;
use watch::Watch;

pub(crate) fn run(args: ServeArgs) -> Result<()> {
    let config = Config::load(&args)?;
    crate::log::start(config.log_format, config.log_level);
    if let Some(file) = &config.file {
        tracing::info!(file = %file.display(), "configuration loaded");
    }
    files::raise_limit();
    for path in config.apps.iter().filter_map(|app| app.component.as_ref()) {
        if !path.exists() {
            return Err(LoadError::NotFound(path.clone()).into());
        }
        check_component(path)?;
    }
    // Unreadable grants or secrets and an occupied port fail here, before a component compiles for
    // minutes.
    let grants = config.apps.iter().map(load::read_grants);
    let grants: Vec<(Grants, Secrets)> = grants.collect::<Result<_>>()?;
    let listener = Listener::bind(&config.host, config.port)?;
    let settings = Settings {
        metrics: metrics(&config.metrics)?,
        ..config.limits.settings()
    };
    if args.migrate {
        let names = config.apps.iter().map(|app| app.name.as_deref());
        migrate::apply(names.zip(grants.iter().map(|(grants, _)| &grants.sql)))?;
    }
    let start = Instant::now();
    let watch = config.watch.then(|| Watch::new(&config)).transpose()?;
    let ready = config.apps.iter().map(|app| load::load_app(&config, app));
    let ready: Vec<LoadedApp> = ready.collect::<Result<_>>()?;
    let apps: Vec<_> = ready.iter().map(|app| app.hosted_app.clone()).collect();
    let announcement = announce::lines(&config, &ready, listener.address(), start);
    let reloader = Reloader::new(args, config, ready, watch)?;
    spikard_wasm_server::serve(listener, apps, &settings, |handle: Handle| {
        reloader.start(handle);
        announcement();
    })?;
    Ok(())
}

/// Binds the metrics endpoint.
fn metrics(at: &MetricsEndpoint) -> Result<Metrics> {
    let (host, port) = match at {
        MetricsEndpoint::Off => return Ok(Metrics::Off),
        MetricsEndpoint::App => return Ok(Metrics::On),
        MetricsEndpoint::Address(host, port) => (host, *port),
    };
    match Listener::bind(host, port) {
        Ok(listener) => Ok(Metrics::At(Arc::new(listener))),
        Err(ServeError::PortInUse(port)) => {
            bail!(
                "metrics port {port} is already in use; stop the other process, or change `--metrics-address` or `serve.metrics`"
            )
        }
        Err(ServeError::PortDenied(port)) => bail!(
            "metrics port {port} requires privileges that this process lacks; use a port above 1023 in `--metrics-address` or `serve.metrics`"
        ),
        Err(error) => Err(error.into()),
    }
}
