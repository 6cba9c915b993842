//! `serve`: loads components and serves them.

mod announce;
mod load;
mod reload;
mod watch;

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, bail};
use spikard_wasm_runtime::LoadError;
use spikard_wasm_server::{Handle, Listener, Metrics, ServeError, Settings};

use super::refuse_folder;
use crate::args::ServeArgs;
use crate::config::Config;
use crate::config::values::MetricsAt;
use load::Ready;
use reload::Reloader;
use watch::Watch;

pub(crate) fn run(args: ServeArgs) -> Result<()> {
    let config = Config::of(&args)?;
    crate::log::start(config.log_format, config.log_level);
    if let Some(file) = &config.file {
        tracing::info!(file = %file.display(), "read the configuration");
    }
    for path in config.apps.iter().filter_map(|app| app.component.as_ref()) {
        if !path.exists() {
            return Err(LoadError::NotFound(path.clone()).into());
        }
        refuse_folder(path)?;
    }
    let reads_secrets = |app| load::secrets(app).map(drop);
    config.apps.iter().try_for_each(reads_secrets)?;
    // A port that is taken is known at once, not after a minute of compiling.
    let listener = Listener::bind(&config.host, config.port)?;
    let settings = Settings {
        metrics: metrics(&config.metrics)?,
        ..config.bounds.settings()
    };
    let start = Instant::now();
    let watch = config.watch.then(|| Watch::new(&config)).transpose()?;
    let ready = config.apps.iter().map(|app| load::app(&config, app));
    let ready: Vec<Ready> = ready.collect::<Result<_>>()?;
    let apps: Vec<_> = ready.iter().map(|app| app.served.clone()).collect();
    let announcement = announce::lines(&config, &ready, listener.address(), start);
    let reloader = Reloader::new(args, config, ready, watch)?;
    spikard_wasm_server::serve(listener, apps, &settings, |handle: Handle| {
        reloader.start(handle);
        announcement();
    })?;
    Ok(())
}

/// Binds where metrics are to be served.
fn metrics(at: &MetricsAt) -> Result<Metrics> {
    let (host, port) = match at {
        MetricsAt::Nowhere => return Ok(Metrics::Off),
        MetricsAt::App => return Ok(Metrics::On),
        MetricsAt::Address(host, port) => (host, *port),
    };
    let flag = "`--metrics-address`, or `metrics` of `[serve]`,";
    match Listener::bind(host, port) {
        Ok(listener) => Ok(Metrics::At(Arc::new(listener))),
        Err(ServeError::PortInUse(port)) => {
            bail!("port {port} of {flag} is already in use: choose another")
        }
        Err(ServeError::PortDenied(port)) => bail!(
            "port {port} of {flag} needs privileges this process does not have: choose one above 1023"
        ),
        Err(error) => Err(error.into()),
    }
}
