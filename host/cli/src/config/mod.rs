//! What a server is to do: by flags first, then variables of the environment, then
//! `spikard.toml`, then defaults.

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
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{Defaults, Grants, Isolation, RouteOverride};
use spikard_wasm_runtime::{Cache, Limits, Recycling};
use spikard_wasm_server::Settings;

use self::file::File;
use self::limits::Key;
use self::said::{Said, Source};
use self::values::{MetricsAt, SecretArg};
use crate::args::{ConfigArgs, LogFormat, LogLevel, ServeArgs};

pub(crate) const DEFAULT_HOST: &str = "127.0.0.1";
pub(crate) const DEFAULT_PORT: u16 = 8000;

/// What holds for instances and limits, of all that may speak of them.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// The file that was read, if any.
    pub(crate) file: Option<PathBuf>,
    pub(crate) limits: Said,
    pub(crate) isolation: (Isolation, Source),
    pub(crate) routes: BTreeMap<String, RouteOverride>,
}

/// What a server is to do.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) bounds: Bounds,
    pub(crate) app: Option<PathBuf>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) static_root: Option<PathBuf>,
    pub(crate) openapi: bool,
    pub(crate) dev: bool,
    pub(crate) metrics: MetricsAt,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) grants: Grants,
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
    /// Puts flags, variables, file and defaults together.
    pub(crate) fn of(args: &ConfigArgs) -> Result<Self> {
        Ok(Self::merge(args, &mut Self::file(args)?))
    }

    fn file(args: &ConfigArgs) -> Result<Option<File>> {
        File::find(args.config.as_deref())
    }

    fn merge(args: &ConfigArgs, file: &mut Option<File>) -> Self {
        let none = File::default();
        let said = file.as_ref().unwrap_or(&none);
        let isolation = match (args.instances, said.policy) {
            (Some(isolation), _) => (isolation, Source::Flag),
            (None, Some(isolation)) => (isolation, Source::File),
            (None, None) => (Isolation::default(), Source::Default),
        };
        Self {
            file: file.as_ref().map(|file| file.path.clone()),
            limits: args.limits.0.clone().or(&said.limits),
            isolation,
            routes: file
                .as_mut()
                .map(|file| std::mem::take(&mut file.routes))
                .unwrap_or_default(),
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

    /// How the server serves, apart from what is no limit.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            workers: self.workers(),
            instances_per_worker: self.instances_per_worker(),
            recycling: self.recycling(),
            connections: self.number(Key::Connections, usize::MAX),
            requests: self.number(Key::Requests, usize::MAX),
            head_timeout: self.time(Key::HeadTimeout),
            idle_timeout: self.time(Key::IdleTimeout),
            body_timeout: self.time(Key::BodyTimeout),
            drain_timeout: self.time(Key::DrainTimeout),
            ..Settings::default()
        }
    }
}

impl Config {
    /// Reads the file, and puts flags, variables, file and defaults together.
    pub(crate) fn of(args: ServeArgs) -> Result<Self> {
        let mut file = Bounds::file(&args.config)?;
        let bounds = Bounds::merge(&args.config, &mut file);
        let file = file.unwrap_or_default();
        let host = args.host.filter(|host| !host.is_empty()).or(file.host);
        let port = args.port.and_then(|port| port.0).or(file.port);
        let metrics = match (args.no_metrics, args.metrics_address) {
            (true, _) => Some(MetricsAt::Nowhere),
            (false, Some((host, port))) => Some(MetricsAt::Address(host, port)),
            (false, None) => file.metrics,
        };
        // A secret of the file goes where a flag has one of the same name.
        let mut secrets = args.secret;
        let said: Vec<String> = secrets.iter().map(|secret| secret.name.clone()).collect();
        secrets.extend(
            file.secrets
                .into_iter()
                .filter(|secret| !said.contains(&secret.name)),
        );
        let grants = args.grants.said().or(file.grants).resolve()?;
        Ok(Self {
            bounds,
            grants,
            app: args.app.or(file.app),
            host: host.unwrap_or_else(|| DEFAULT_HOST.to_owned()),
            port: port.unwrap_or(DEFAULT_PORT),
            static_root: args.static_root.or(file.static_root),
            openapi: !args.no_openapi && file.openapi.unwrap_or(true),
            dev: args.dev || file.dev.unwrap_or(false),
            metrics: metrics.unwrap_or(MetricsAt::App),
            secrets,
            log_format: args
                .log_format
                .or(file.log_format)
                .unwrap_or(LogFormat::Text),
            log_level: args.log_level.or(file.log_level).unwrap_or(LogLevel::Info),
            no_cache: args.cache.no_cache,
            allow_precompiled: args.allow_precompiled,
            cache_dir: args.cache.cache_dir.or(file.cache_dir),
        })
    }

    /// The cache that was asked for.
    pub(crate) fn cache(&self) -> Option<Cache> {
        crate::cache::open(self.no_cache, self.cache_dir.as_deref())
    }
}

#[cfg(test)]
mod tests;
