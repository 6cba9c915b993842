//! `serve`: loads a component and serves it.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::json;
use spikard_wasm_app::{App, Defaults, OpenApi, one_line};
use spikard_wasm_runtime::{Limits, LoadError, Loaded, Runtime};
use spikard_wasm_server::{Docs, Listener, Settings};

use super::{Source, load, millis};
use crate::args::{LogFormat, ServeArgs};

/// The demo app, built from `examples/demo`; `scripts/demo` builds it anew.
const DEMO: &[u8] = include_bytes!("../../assets/demo.wasm");

pub(crate) fn run(args: ServeArgs) -> Result<()> {
    crate::log::start(args.log_format, args.log_level);
    let source = match &args.app {
        Some(path) if path.is_dir() => bail!(
            "`{0}` is a folder, not a component: build it first (`spikard-wasm build {0} -o app.wasm`), then serve `app.wasm`",
            path.display()
        ),
        Some(path) if !path.exists() => return Err(LoadError::NotFound(path.clone()).into()),
        Some(path) => Source::File(path),
        None => Source::Demo(DEMO),
    };
    let secrets = crate::secrets::read(&args.secret)?;
    // A port that is taken is known at once, not after a minute of compiling.
    let listener = Listener::bind(&args.host, args.port)?;
    let mut settings = settings(&args);
    let start = Instant::now();
    let runtime = Runtime::new(Limits {
        // Each worker has its share, and one more is made to describe the app.
        instances: settings.instances_per_worker * settings.workers as u32 + 1,
        ..Limits::default()
    })?;
    let (loaded, description) = load(&runtime, &source, args.cache.cache().as_ref())?;
    let defaults = Defaults {
        body_limit: args.body_limit,
        timeout: args.timeout,
        secrets,
        ..Defaults::default()
    };
    let app = Arc::new(App::new(&description, &defaults)?);
    loaded.check_hooks(&app)?;
    let api = OpenApi::new(&description)?;
    if !args.no_openapi {
        settings.docs = Docs::new(&api).map(Arc::new);
    }
    let up = Up {
        args: &args,
        app: &app,
        loaded: &loaded,
        listener: &listener,
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

fn settings(args: &ServeArgs) -> Settings {
    let defaults = Settings::default();
    let workers = args.workers.map_or(defaults.workers, usize::from);
    let share = args.max_instances as usize / workers.max(1);
    Settings {
        workers,
        instances_per_worker: share.max(1) as u32,
        check_replies: args.dev,
        static_root: args.static_root.clone(),
        ..defaults
    }
}

/// What the start-up line says.
struct Up<'a> {
    args: &'a ServeArgs,
    app: &'a App,
    loaded: &'a Loaded,
    listener: &'a Listener,
    start: Instant,
}

impl Up<'_> {
    /// The line, to be made when the load time is complete.
    fn line(&self) -> impl FnOnce() -> String + use<> {
        let url = format!("http://{}", self.listener.address());
        let shown = |text| one_line(text).into_owned();
        let (name, version) = (shown(self.app.name()), shown(self.app.version()));
        let routes = self.app.routes().len();
        let cache = match (self.args.cache.no_cache, self.loaded.from_cache()) {
            (true, _) => "off",
            (false, true) => "hit",
            (false, false) => "miss",
        };
        let (format, start) = (self.args.log_format, self.start);
        let next = match self.args.app {
            None => "; this is the demo app, open the address to see what to do next",
            Some(_) => "",
        };
        move || {
            let ms = millis(start);
            match format {
                LogFormat::Text => {
                    let plural = if routes == 1 { "" } else { "s" };
                    format!(
                        "serving {name} {version} at {url} ({routes} route{plural}, loaded in {ms} ms, cache {cache}){next}"
                    )
                }
                LogFormat::Json => json!({
                    "event": "serving", "url": url, "app": name, "version": version,
                    "routes": routes, "load_ms": ms, "cache": cache,
                })
                .to_string(),
            }
        }
    }
}
