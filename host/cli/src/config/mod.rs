//! What a server is to do: by flags first, then variables of the environment, then
//! `spikard.toml`, then defaults.

pub(crate) mod app;
mod apps;
pub(crate) mod file;
pub(crate) mod flags;
pub(crate) mod grants;
pub(crate) mod limits;
#[cfg(test)]
mod page;
mod place;
pub(crate) mod said;
mod units;
pub(crate) mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{Defaults, Isolation, RouteOverride};
use spikard_wasm_runtime::{Cache, Kind, Limits, Recycling};
use spikard_wasm_server::{AppSettings, HttpSettings, Settings};

use self::app::AppTable;
pub(crate) use self::apps::AppConfig;
use self::apps::Given;
use self::file::File;
use self::limits::Key;
use self::said::{Said, Source};
use self::values::MetricsAt;
use crate::args::{ConfigArgs, LogFormat, LogLevel, ServeArgs};

pub(crate) const DEFAULT_HOST: &str = "127.0.0.1";
pub(crate) const DEFAULT_PORT: u16 = 8000;

/// What holds for instances and limits, of all that may speak of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) limits: Said,
    pub(crate) isolation: (Isolation, Source),
    pub(crate) routes: BTreeMap<String, RouteOverride>,
}

/// What a server is to do.
#[derive(Debug)]
pub(crate) struct Config {
    /// The file that was read, if any.
    pub(crate) file: Option<PathBuf>,
    /// The folder whose components are the apps.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) bounds: Bounds,
    pub(crate) apps: Vec<AppConfig>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) metrics: MetricsAt,
    pub(crate) watch: bool,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: LogLevel,
    pub(crate) no_cache: bool,
    pub(crate) allow_precompiled: bool,
    cache_dir: Option<PathBuf>,
}

impl ConfigArgs {
    /// Whether nothing is said.
    pub(crate) fn is_empty(&self) -> bool {
        let from_flags = |limit: &limits::Limit| self.limits.0.get(limit.key).1 == Source::Flag;
        self.config.is_none() && self.instances.is_none() && !limits::TABLE.iter().any(from_flags)
    }
}

impl Bounds {
    /// Puts flags, variables, file and defaults together, for a host of one app.
    pub(crate) fn merge(args: &ConfigArgs, file: &File) -> Self {
        let app = AppTable {
            routes: file.routes.clone(),
            ..AppTable::default()
        };
        Self::of_app(args, file, &app)
    }

    /// The same for an app of several, whose own word goes before that for all.
    pub(crate) fn of_app(args: &ConfigArgs, file: &File, app: &AppTable) -> Self {
        let isolation = match (args.instances, app.policy.or(file.policy)) {
            (Some(isolation), _) => (isolation, Source::Flag),
            (None, Some(isolation)) => (isolation, Source::File),
            (None, None) => (Isolation::default(), Source::Default),
        };
        let of_file = app.limits.clone().or(&file.limits);
        Self {
            limits: args.limits.0.clone().or(&of_file),
            isolation,
            routes: app.routes.clone(),
        }
    }

    /// A number of something.
    pub(crate) fn number<N: TryFrom<u64>>(&self, key: Key, most: N) -> N {
        N::try_from(self.limits.get(key).0).unwrap_or(most)
    }

    fn time(&self, key: Key) -> Duration {
        Duration::from_millis(self.limits.get(key).0)
    }

    /// How many worker threads there are.
    pub(crate) fn workers(&self) -> usize {
        self.number(Key::Workers, 1)
    }

    /// How many instances each of them may have.
    pub(crate) fn instances_per_worker(&self) -> u32 {
        let share = self.number(Key::Instances, u32::MAX) as usize / self.workers().max(1);
        share.max(1) as u32
    }

    /// What instances may take.
    pub(crate) fn runtime(&self) -> Limits {
        let size = |key| self.number(key, usize::MAX);
        Limits {
            // Each worker has its share, and its keeper may be preparing one when all are
            // leased; one more is made to describe the app.
            instances: (self.instances_per_worker() + 1) * self.workers() as u32 + 1,
            memory: size(Key::Memory),
            table_elements: size(Key::TableElements),
            stack: size(Key::Stack),
            hostcall_data: size(Key::HostcallData),
            concurrent_requests: self.number(Key::Concurrent, u32::MAX),
            queue: self.number(Key::Queue, u32::MAX),
            queue_time: self.time(Key::QueueTime),
            reply_body: size(Key::ReplyBody),
            reply_headers: size(Key::ReplyHeaders),
            reply_header_bytes: size(Key::ReplyHeaderBytes),
            keyvalue_value: size(Key::KeyvalueValue),
            keyvalue_file: self.number(Key::KeyvalueFile, u64::MAX),
            keyvalue_time: self.time(Key::KeyvalueTime),
        }
    }

    /// When instances are replaced.
    pub(crate) fn recycling(&self) -> Recycling {
        Recycling {
            max_requests: self.number(Key::MaxRequests, u32::MAX),
            max_memory: self.number(Key::RecycleMemory, usize::MAX),
            idle: self.time(Key::InstanceIdle),
            prepared: self.number(Key::Prepared, u32::MAX),
        }
    }

    /// What holds where neither the route nor the app says otherwise.
    pub(crate) fn defaults(&self, secrets: Secrets) -> Defaults {
        Defaults {
            body_limit: self.number(Key::BodyLimit, u64::MAX),
            timeout: self.time(Key::Timeout),
            isolation: self.isolation.0,
            secrets,
            routes: self.routes.clone(),
        }
    }

    /// What holds for the requests of an app for `wasi:http`, which has no routes to say
    /// it. Bodies go through it as they come, so that they have a limit only where
    /// somebody wants one.
    pub(crate) fn http(&self, kind: Kind) -> HttpSettings {
        let isolation = match (self.isolation, kind) {
            ((_, Source::Default), Kind::Service) => Isolation::Reuse,
            ((_, Source::Default), _) => Isolation::Fresh,
            ((isolation, _), _) => isolation,
        };
        HttpSettings {
            isolation,
            timeout: self.time(Key::Timeout),
            body_limit: match self.limits.get(Key::BodyLimit) {
                (_, Source::Default) => u64::MAX,
                (limit, _) => limit,
            },
        }
    }

    /// How the host serves, apart from what is no limit.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            workers: self.workers(),
            connections: self.number(Key::Connections, usize::MAX),
            requests: self.number(Key::Requests, usize::MAX),
            head_timeout: self.time(Key::HeadTimeout),
            idle_timeout: self.time(Key::IdleTimeout),
            drain_timeout: self.time(Key::DrainTimeout),
            ..Settings::default()
        }
    }

    /// How an app is served, apart from what is no limit.
    pub(crate) fn app_settings(&self) -> AppSettings {
        AppSettings {
            instances_per_worker: self.instances_per_worker(),
            recycling: self.recycling(),
            body_timeout: self.time(Key::BodyTimeout),
            ..AppSettings::default()
        }
    }
}

impl Config {
    /// Reads the file, and puts flags, variables, file and defaults together.
    pub(crate) fn of(args: &ServeArgs) -> Result<Self> {
        let given = Given::of(args.app.as_deref(), args.config.config.as_deref())?;
        let file = File::find(given.file().or(args.config.config.as_deref()))?;
        let path = file.as_ref().map(|file| file.path.clone());
        let file = file.unwrap_or_default();
        let apps = given.apps(args, &file)?;
        let bounds = Bounds::merge(&args.config, &file);
        let host = args.host.clone().filter(|host| !host.is_empty());
        let port = args.port.and_then(|port| port.0).or(file.port);
        let metrics = match (args.no_metrics, &args.metrics_address) {
            (true, _) => Some(MetricsAt::Nowhere),
            (false, Some((host, port))) => Some(MetricsAt::Address(host.clone(), *port)),
            (false, None) => file.metrics,
        };
        let log_format = args.log_format.or(file.log_format);
        Ok(Self {
            file: path,
            folder: given.folder().map(Path::to_owned),
            bounds,
            apps,
            host: host
                .or(file.host)
                .unwrap_or_else(|| DEFAULT_HOST.to_owned()),
            port: port.unwrap_or(DEFAULT_PORT),
            metrics: metrics.unwrap_or(MetricsAt::App),
            watch: args.watch,
            log_format: log_format.unwrap_or(LogFormat::Text),
            log_level: args.log_level.or(file.log_level).unwrap_or(LogLevel::Info),
            no_cache: args.cache.no_cache,
            allow_precompiled: args.allow_precompiled,
            cache_dir: args.cache.cache_dir.clone().or(file.cache_dir),
        })
    }

    /// Holds a limit where it was, for the host and all of its apps.
    pub(crate) fn pin(&mut self, key: Key, before: &Said) {
        let of_apps = self.apps.iter_mut().map(|app| &mut app.bounds);
        for bounds in of_apps.chain(std::iter::once(&mut self.bounds)) {
            bounds.limits.copy(key, before);
        }
    }

    /// The cache that was asked for.
    pub(crate) fn cache(&self) -> Option<Cache> {
        crate::cache::open(self.no_cache, self.cache_dir.as_deref())
    }
}

#[cfg(test)]
mod tests;
