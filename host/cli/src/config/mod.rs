//! Server configuration.
//!
//! [`Config`] merges flags, environment variables, `spikard.toml` and defaults in the order that
//! [`precedence`] decides. [`limits`] and [`grants`] define the keys and flags, [`mod@file`] parses
//! `spikard.toml`, and [`apps`] selects the apps to serve.

pub(crate) mod app;
mod apps;
#[cfg(test)]
mod docs_table;
pub(crate) mod effective_limits;
mod entry;
pub(crate) mod file;
pub(crate) mod flags;
pub(crate) mod grants;
pub(crate) mod limit_values;
pub(crate) mod limits;
mod precedence;
mod units;
pub(crate) mod values;

use std::path::{Path, PathBuf};

use anyhow::Result;
use spikard_wasm_runtime::Cache;

pub(crate) use self::apps::AppConfig;
use self::apps::AppSource;
use self::effective_limits::EffectiveLimits;
use self::file::File;
use self::limit_values::{LimitSource, LimitValues};
use self::limits::Key;
use self::values::MetricsEndpoint;
use crate::args::{ConfigArgs, LogFormat, LogLevel, ServeArgs};

pub(crate) const DEFAULT_HOST: &str = "127.0.0.1";
pub(crate) const DEFAULT_PORT: u16 = 8000;

/// Configuration of a server.
#[derive(Debug)]
pub(crate) struct Config {
    /// The `spikard.toml` that was read, if any.
    pub(crate) file: Option<PathBuf>,
    /// The folder whose components are served, if `serve` was given one.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) limits: EffectiveLimits,
    pub(crate) apps: Vec<AppConfig>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) metrics: MetricsEndpoint,
    pub(crate) watch: bool,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: LogLevel,
    pub(crate) no_cache: bool,
    pub(crate) allow_precompiled: bool,
    cache_dir: Option<PathBuf>,
}

impl ConfigArgs {
    /// True if no flag is set.
    pub(crate) fn is_empty(&self) -> bool {
        let from_flags =
            |limit: &limits::Limit| self.limits.0.get(limit.key).1 == LimitSource::Flag;
        self.config.is_none() && self.instances.is_none() && !limits::TABLE.iter().any(from_flags)
    }
}

impl Config {
    /// Reads `spikard.toml` and merges it with flags, variables and defaults.
    pub(crate) fn load(args: &ServeArgs) -> Result<Self> {
        let source = AppSource::detect(args.app.as_deref(), args.config.config.as_deref())?;
        let file = File::find(source.file().or(args.config.config.as_deref()))?;
        let path = file.as_ref().map(|file| file.path.clone());
        let file = file.unwrap_or_default();
        let apps = source.apps(args, &file)?;
        let limits = EffectiveLimits::merge(&args.config, &file);
        let host = args.host.clone().filter(|host| !host.is_empty());
        let host = precedence::value(host, None, file.host);
        let port = args.port.and_then(|port| port.0);
        let port = precedence::value(port, None, file.port);
        let metrics = match (args.no_metrics, &args.metrics_address) {
            (true, _) => Some(MetricsEndpoint::Off),
            (false, Some((host, port))) => Some(MetricsEndpoint::Address(host.clone(), *port)),
            (false, None) => None,
        };
        let metrics = precedence::value(metrics, None, file.metrics);
        let log_format = precedence::value(args.log_format, None, file.log_format);
        let log_level = precedence::value(args.log_level, None, file.log_level);
        let cache_dir = precedence::value(args.cache.cache_dir.clone(), None, file.cache_dir);
        Ok(Self {
            file: path,
            folder: source.folder().map(Path::to_owned),
            limits,
            apps,
            host: host.unwrap_or_else(|| DEFAULT_HOST.to_owned()),
            port: port.unwrap_or(DEFAULT_PORT),
            metrics: metrics.unwrap_or(MetricsEndpoint::App),
            watch: args.watch,
            log_format: log_format.unwrap_or(LogFormat::Text),
            log_level: log_level.unwrap_or(LogLevel::Info),
            no_cache: args.cache.no_cache,
            allow_precompiled: args.allow_precompiled,
            cache_dir,
        })
    }

    /// Resets a limit to its value in `before`, for the host and all of its apps.
    pub(crate) fn pin(&mut self, key: Key, before: &LimitValues) {
        let app_limits = self.apps.iter_mut().map(|app| &mut app.limits);
        for limits in app_limits.chain(std::iter::once(&mut self.limits)) {
            limits.values.copy(key, before);
        }
    }

    /// The cache of compiled components, unless it is disabled.
    pub(crate) fn cache(&self) -> Option<Cache> {
        crate::cache::open(self.no_cache, self.cache_dir.as_deref())
    }
}

#[cfg(test)]
mod tests;
