//! Loads an app from its configuration, at start-up and at each reload.

use std::fs::{self, Metadata};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result};
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{App, Grants, OpenApi, one_line};
use spikard_wasm_runtime::{Capabilities, Kind, Runtime, is_precompiled};
use spikard_wasm_server::{AppSettings, Docs, HostedApp, Outgoing};

use crate::commands::{ComponentSource, load};
use crate::config::{AppConfig, Config};

/// The demo app, built from `examples/demo` by `scripts/demo`.
const DEMO: &[u8] = include_bytes!("../../../assets/demo.wasm");

/// A loaded app with the fingerprint of its inputs.
#[derive(Clone)]
pub(super) struct LoadedApp {
    pub(super) fingerprint: Fingerprint,
    pub(super) hosted_app: Arc<HostedApp>,
    pub(super) summary: AppSummary,
}

/// Inputs of an app. Equal fingerprints mean that a reload would change nothing.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) config: AppConfig,
    component: Option<FileStamp>,
    grants: Arc<Grants>,
    secrets: Secrets,
}

/// File metadata that changes when a file is written or replaced.
#[derive(Clone, PartialEq, Eq)]
struct FileStamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
    status_change: (i64, i64),
}

/// Properties of a loaded app for the start-up line and the log.
#[derive(Clone)]
pub(super) struct AppSummary {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) kind: Kind,
    pub(super) routes: usize,
    pub(super) cache: &'static str,
    pub(super) start: Instant,
}

impl Fingerprint {
    /// Reads the current inputs of an app.
    pub(super) fn read(config: &AppConfig) -> Result<Self> {
        let component = config.component.as_ref();
        let metadata = component.and_then(|path| fs::metadata(path).ok());
        let (grants, secrets) = read_grants(config)?;
        Ok(Self {
            config: config.clone(),
            component: metadata.map(|metadata| FileStamp::of(&metadata)),
            grants: Arc::new(grants),
            secrets,
        })
    }
}

impl FileStamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let (inode, status_change) = {
            use std::os::unix::fs::MetadataExt;
            (metadata.ino(), (metadata.ctime(), metadata.ctime_nsec()))
        };
        #[cfg(not(unix))]
        let (inode, status_change) = (0, (0, 0));
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            inode,
            status_change,
        }
    }
}

/// Reads the grants of an app and the secrets of its policies.
pub(super) fn read_grants(config: &AppConfig) -> Result<(Grants, Secrets)> {
    let read = || {
        let grants = config.grants.clone().resolve()?;
        let secrets = crate::secrets::read(&config.secrets, &grants.secrets)?;
        Ok((grants, secrets))
    };
    with_app_name(config, read())
}

/// Adds the app's name to an error if the host serves several apps.
fn with_app_name<T>(config: &AppConfig, result: Result<T>) -> Result<T> {
    match &config.name {
        Some(name) => result.with_context(|| format!("app `{name}`")),
        None => result,
    }
}

/// Loads an app.
pub(super) fn load_app(config: &Config, app: &AppConfig) -> Result<LoadedApp> {
    let fingerprint = Fingerprint::read(app)?;
    with_app_name(app, load_from(config, fingerprint))
}

fn load_from(host: &Config, fingerprint: Fingerprint) -> Result<LoadedApp> {
    let start = Instant::now();
    let config = &fingerprint.config;
    let source = match &config.component {
        Some(path) if host.allow_precompiled && is_precompiled(path) => {
            ComponentSource::Precompiled(path)
        }
        Some(path) => ComponentSource::File(path),
        None => ComponentSource::Demo(DEMO),
    };
    let limits = &config.limits;
    let grants = fingerprint.grants.clone();
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
    let runtime = Runtime::new(limits.runtime())?.with_capabilities(capabilities);
    let (loaded, description) = load(&runtime, &source, host.cache().as_ref())?;
    let defaults = limits.defaults(fingerprint.secrets.clone());
    let kind = loaded.kind();
    let (app, docs) = match kind {
        Kind::Handler => {
            let app = App::new(&description, &defaults)?;
            loaded.check_app(&app)?;
            loaded.check_declared(&app)?;
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
        http: limits.http(kind),
        outgoing: may_send.then_some(outgoing),
        docs,
        ..limits.app_settings()
    };
    let summary = AppSummary {
        name: one_line(app.name()).into_owned(),
        version: one_line(app.version()).into_owned(),
        kind,
        routes: app.routes().len(),
        cache: match (&source, host.no_cache, loaded.from_cache()) {
            (ComponentSource::Precompiled(_), _, _) => "precompiled",
            (_, true, _) => "off",
            (_, false, true) => "hit",
            (_, false, false) => "miss",
        },
        start,
    };
    let mount = config.mount.clone();
    let hosted_app = HostedApp::new(config.name.as_deref(), mount, app, loaded, settings)?;
    Ok(LoadedApp {
        hosted_app: Arc::new(hosted_app),
        summary,
        fingerprint,
    })
}
