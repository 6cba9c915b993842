//! `serve`: loads a component and serves it.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::json;
use spikard_wasm_app::{App, OpenApi, one_line};
use spikard_wasm_runtime::{Capabilities, Kind, LoadError, Runtime, is_precompiled};
use spikard_wasm_server::{Docs, Listener, Metrics, Outgoing, ServeError, Settings};

use super::{Source, load, millis, refuse_folder};
use crate::args::{LogFormat, ServeArgs};
use crate::config::Config;
use crate::config::values::MetricsAt;

/// The demo app, built from `examples/demo`; `scripts/demo` builds it anew.
const DEMO: &[u8] = include_bytes!("../../assets/demo.wasm");

pub(crate) fn run(args: ServeArgs) -> Result<()> {
    let config = Config::of(args)?;
    crate::log::start(config.log_format, config.log_level);
    if let Some(file) = &config.bounds.file {
        tracing::info!(file = %file.display(), "read the configuration");
    }
    let source = match &config.app {
        Some(path) if !path.exists() => return Err(LoadError::NotFound(path.clone()).into()),
        Some(path) => {
            refuse_folder(path)?;
            match config.allow_precompiled && is_precompiled(path) {
                true => Source::Precompiled(path),
                false => Source::File(path),
            }
        }
        None => Source::Demo(DEMO),
    };
    let secrets = crate::secrets::read(&config.secrets)?;
    // A port that is taken is known at once, not after a minute of compiling.
    let listener = Listener::bind(&config.host, config.port)?;
    let metrics = metrics(&config.metrics)?;
    let start = Instant::now();
    let capabilities = Capabilities {
        outbound: Arc::new(Outgoing::new(&source.name(), &config.grants)),
        grants: Arc::new(config.grants.clone()),
    };
    let runtime = Runtime::new(config.bounds.runtime())?.granting(capabilities);
    let (loaded, description) = load(&runtime, &source, config.cache().as_ref())?;
    let defaults = config.bounds.defaults(secrets);
    let (app, docs) = match loaded.kind() {
        Kind::Handler => {
            let app = App::new(&description, &defaults)?;
            loaded.check_hooks(&app)?;
            let api = OpenApi::new(&description)?;
            let docs = config.openapi.then(|| Docs::new(&api).map(Arc::new));
            (app, docs.flatten())
        }
        Kind::Proxy | Kind::Service => {
            let app = App::without_routes(&description.name, &defaults)?;
            (app, None)
        }
    };
    let app = Arc::new(app);
    let settings = Settings {
        check_replies: config.dev,
        server_timing: config.dev,
        static_root: config.static_root.clone(),
        http: config.bounds.http(loaded.kind()),
        docs,
        metrics,
        ..config.bounds.settings()
    };
    let up = Up {
        config: &config,
        app: &app,
        kind: loaded.kind(),
        listener: &listener,
        cache: match (&source, config.no_cache, loaded.from_cache()) {
            (Source::Precompiled(_), _, _) => "precompiled",
            (_, true, _) => "off",
            (_, false, true) => "hit",
            (_, false, false) => "miss",
        },
        start,
    };
    let announcement = up.line();
    spikard_wasm_server::serve(listener, app.clone(), &loaded, &settings, || {
        let mut out = std::io::stdout();
        // Whoever closed standard output does not want the line.
        let _ = writeln!(out, "{}", announcement()).and_then(|()| out.flush());
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

/// What the start-up line says.
struct Up<'a> {
    config: &'a Config,
    app: &'a App,
    kind: Kind,
    listener: &'a Listener,
    cache: &'static str,
    start: Instant,
}

impl Up<'_> {
    /// The line, to be made when the load time is complete.
    fn line(&self) -> impl FnOnce() -> String + use<> {
        let url = format!("http://{}", self.listener.address());
        let shown = |text| one_line(text).into_owned();
        let (name, version) = (shown(self.app.name()), shown(self.app.version()));
        let routes = self.app.routes().len();
        let kind = self.kind;
        let cache = self.cache;
        let (format, start) = (self.config.log_format, self.start);
        let next = match self.config.app {
            None => "; this is the demo app, open the address to see what to do next",
            Some(_) => "",
        };
        move || {
            let ms = millis(start);
            match format {
                LogFormat::Text => {
                    let what = match kind {
                        Kind::Handler if routes == 1 => "1 route".to_owned(),
                        Kind::Handler => format!("{routes} routes"),
                        Kind::Proxy | Kind::Service => kind.world().to_owned(),
                    };
                    let version = match version.as_str() {
                        "" => String::new(),
                        version => format!(" {version}"),
                    };
                    format!(
                        "serving {name}{version} at {url} ({what}, loaded in {ms} ms, cache {cache}){next}"
                    )
                }
                LogFormat::Json => json!({
                    "event": "serving", "url": url, "app": name, "version": version,
                    "world": kind.world(), "routes": routes, "load_ms": ms, "cache": cache,
                })
                .to_string(),
            }
        }
    }
}
