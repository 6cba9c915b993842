//! From what is configured to an app that can be served: the one place where that is
//! done, at the start and at a reload.

use std::fs::{self, Metadata};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{App, OpenApi, one_line};
use spikard_wasm_runtime::{Capabilities, Kind, Runtime, is_precompiled};
use spikard_wasm_server::{AppSettings, Docs, HostedApp, Outgoing};

use crate::commands::{Source, load};
use crate::config::{AppConfig, Config};

/// The demo app, built from `examples/demo`; `scripts/demo` builds it anew.
const DEMO: &[u8] = include_bytes!("../../../assets/demo.wasm");

/// An app that is loaded, and what it was made of.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) made_of: MadeOf,
    pub(super) served: Arc<HostedApp>,
    pub(super) facts: Facts,
}

/// What an app was made of: one that is made of the same is the same.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct MadeOf {
    pub(super) config: AppConfig,
    stamp: Option<Stamp>,
    secrets: Secrets,
}

/// What tells a file from the one that was there before.
#[derive(Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
    changed: (i64, i64),
}

/// What the host says of an app that it has loaded.
#[derive(Clone)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) kind: Kind,
    pub(super) routes: usize,
    pub(super) cache: &'static str,
    pub(super) start: Instant,
}

impl MadeOf {
    /// What an app would be made of now.
    pub(super) fn now(config: &AppConfig) -> Result<Self> {
        let component = config.component.as_ref();
        let metadata = component.and_then(|path| fs::metadata(path).ok());
        Ok(Self {
            config: config.clone(),
            stamp: metadata.map(|metadata| Stamp::of(&metadata)),
            secrets: secrets(config)?,
        })
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let (inode, changed) = {
            use std::os::unix::fs::MetadataExt;
            (metadata.ino(), (metadata.ctime(), metadata.ctime_nsec()))
        };
        #[cfg(not(unix))]
        let (inode, changed) = (0, (0, 0));
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            inode,
            changed,
        }
    }
}

/// The secrets of an app.
pub(super) fn secrets(config: &AppConfig) -> Result<Secrets> {
    of_app(config, crate::secrets::read(&config.secrets))
}

/// Says whose an error is, where there are several apps.
fn of_app<T>(config: &AppConfig, made: Result<T>) -> Result<T> {
    match &config.name {
        Some(name) => made.with_context(|| format!("app `{name}`")),
        None => made,
    }
}

/// Loads an app.
pub(super) fn app(config: &Config, app: &AppConfig) -> Result<Ready> {
    let made_of = MadeOf::now(app)?;
    of_app(app, make(config, made_of))
}

fn make(host: &Config, made_of: MadeOf) -> Result<Ready> {
    let start = Instant::now();
    let config = &made_of.config;
    let source = match &config.component {
        Some(path) if host.allow_precompiled && is_precompiled(path) => Source::Precompiled(path),
        Some(path) => Source::File(path),
        None => Source::Demo(DEMO),
    };
    let bounds = &config.bounds;
    let grants = Arc::new(config.grants.clone().resolve()?);
    let name = config
        .name
        .as_deref()
        .map_or_else(|| source.name(), Into::into);
    let outgoing = Arc::new(Outgoing::new(&name, &grants));
    let may_send = !grants.outgoing.is_empty();
    let capabilities = Capabilities {
        outbound: outgoing.clone(),
        grants,
    };
    let runtime = Runtime::new(bounds.runtime())?.granting(capabilities);
    let (loaded, description) = load(&runtime, &source, host.cache().as_ref())?;
    let defaults = bounds.defaults(made_of.secrets.clone());
    let kind = loaded.kind();
    let (app, docs) = match kind {
        Kind::Handler => {
            let app = App::new(&description, &defaults)?;
            loaded.check_hooks(&app)?;
            let api = OpenApi::new(&description)?.below(config.mount.prefix());
            let docs = config.openapi.then(|| Docs::new(&api).map(Arc::new));
            (app, docs.flatten())
        }
        Kind::Proxy | Kind::Service => {
            let app = App::without_routes(&description.name, &defaults)?;
            (app, None)
        }
    };
    let app = Arc::new(app);
    let settings = AppSettings {
        check_replies: config.dev,
        server_timing: config.dev,
        static_root: config.static_root.clone(),
        http: bounds.http(kind),
        outgoing: may_send.then_some(outgoing),
        docs,
        ..bounds.app_settings()
    };
    let facts = Facts {
        name: one_line(app.name()).into_owned(),
        version: one_line(app.version()).into_owned(),
        kind,
        routes: app.routes().len(),
        cache: match (&source, host.no_cache, loaded.from_cache()) {
            (Source::Precompiled(_), _, _) => "precompiled",
            (_, true, _) => "off",
            (_, false, true) => "hit",
            (_, false, false) => "miss",
        },
        start,
    };
    let mount = config.mount.clone();
    let served = HostedApp::new(config.name.as_deref(), mount, app, loaded, settings)?;
    Ok(Ready {
        served: Arc::new(served),
        facts,
        made_of,
    })
}
