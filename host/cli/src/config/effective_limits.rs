//! Effective limits of a host or an app.
//!
//! [`EffectiveLimits`] keeps each value with its source, and converts the values to the settings
//! of the crates that enforce the limits.

use std::collections::BTreeMap;
use std::time::Duration;

use spikard_wasm_app::policy::Secrets;
use spikard_wasm_app::{Defaults, Isolation, RouteOverride};
use spikard_wasm_runtime::{Kind, Limits, Recycling};
use spikard_wasm_server::{AppSettings, HttpSettings, Settings};

use super::app::AppTable;
use super::file::File;
use super::limit_values::{LimitSource, LimitValues};
use super::limits::Key;
use super::precedence;
use crate::args::ConfigArgs;

/// Limits, instance policy and route overrides, merged from all sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EffectiveLimits {
    pub(crate) values: LimitValues,
    pub(crate) isolation: (Isolation, LimitSource),
    pub(crate) routes: BTreeMap<String, RouteOverride>,
}

impl EffectiveLimits {
    /// Merges the sources for the host, or for its only app.
    pub(crate) fn merge(args: &ConfigArgs, file: &File) -> Self {
        let app = AppTable {
            routes: file.routes.clone(),
            ..AppTable::default()
        };
        Self::for_app(args, file, &app)
    }

    /// Merges the sources for one app of several: its `[[app]]` table overrides host-wide
    /// tables.
    pub(crate) fn for_app(args: &ConfigArgs, file: &File, app: &AppTable) -> Self {
        Self {
            values: precedence::limits(&args.limits.0, &app.limits, &file.limits),
            isolation: precedence::value_and_source(args.instances, app.policy, file.policy),
            routes: app.routes.clone(),
        }
    }

    /// A limit as another integer type; `max` if it does not fit.
    pub(crate) fn number<N: TryFrom<u64>>(&self, key: Key, max: N) -> N {
        N::try_from(self.values.get(key).0).unwrap_or(max)
    }

    fn duration(&self, key: Key) -> Duration {
        Duration::from_millis(self.values.get(key).0)
    }

    /// Number of worker threads.
    pub(crate) fn workers(&self) -> usize {
        self.number(Key::Workers, 1)
    }

    /// Maximum live instances per worker.
    pub(crate) fn instances_per_worker(&self) -> u32 {
        let share = self.number(Key::Instances, u32::MAX) as usize / self.workers().max(1);
        share.max(1) as u32
    }

    /// Limits that the runtime enforces per instance.
    pub(crate) fn runtime(&self) -> Limits {
        let size = |key| self.number(key, usize::MAX);
        Limits {
            // Each worker may warm one instance while its share is leased, and one more
            // instance describes the app.
            instances: (self.instances_per_worker() + 1) * self.workers() as u32 + 1,
            memory: size(Key::Memory),
            table_elements: size(Key::TableElements),
            stack: size(Key::Stack),
            hostcall_data: size(Key::HostcallData),
            concurrent_requests: self.number(Key::Concurrent, u32::MAX),
            queue: self.number(Key::Queue, u32::MAX),
            queue_time: self.duration(Key::QueueTime),
            reply_body: size(Key::ReplyBody),
            reply_headers: size(Key::ReplyHeaders),
            reply_header_bytes: size(Key::ReplyHeaderBytes),
            keyvalue_value: size(Key::KeyvalueValue),
            keyvalue_file: self.number(Key::KeyvalueFile, u64::MAX),
            keyvalue_time: self.duration(Key::KeyvalueTime),
            sql_result: size(Key::SqlResult),
            sql_time: self.duration(Key::SqlTime),
            sql_connections: self.number(Key::SqlConnections, usize::MAX),
            sql_wait: self.duration(Key::SqlWait),
            shared_requests: self.number(Key::SharedRequests, u32::MAX),
            shared_cpu: self.duration(Key::SharedCpu),
            background_time: self.duration(Key::BackgroundTime),
        }
    }

    /// Instance replacement and warm-pool settings.
    pub(crate) fn recycling(&self) -> Recycling {
        Recycling {
            max_requests: self.number(Key::MaxRequests, u32::MAX),
            max_memory: self.number(Key::RecycleMemory, usize::MAX),
            idle: self.duration(Key::InstanceIdle),
            prepared: self.number(Key::Prepared, u32::MAX),
        }
    }

    /// Defaults for routes that declare no limits of their own.
    pub(crate) fn defaults(&self, secrets: Secrets) -> Defaults {
        Defaults {
            body_limit: self.number(Key::BodyLimit, u64::MAX),
            timeout: self.duration(Key::Timeout),
            isolation: self.isolation.0,
            secrets,
            routes: self.routes.clone(),
        }
    }

    /// Settings of a `wasi:http` app, which declares no routes. It streams request bodies,
    /// so the body limit applies only if it is set explicitly.
    pub(crate) fn http(&self, kind: Kind) -> HttpSettings {
        let isolation = match (self.isolation, kind) {
            ((_, LimitSource::Default), Kind::Service) => Isolation::Reuse,
            ((_, LimitSource::Default), _) => Isolation::Fresh,
            ((isolation, _), _) => isolation,
        };
        HttpSettings {
            isolation,
            timeout: self.duration(Key::Timeout),
            body_limit: match self.values.get(Key::BodyLimit) {
                (_, LimitSource::Default) => u64::MAX,
                (limit, _) => limit,
            },
        }
    }

    /// Server settings that come from limits; other settings have their defaults.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            workers: self.workers(),
            connections: self.number(Key::Connections, usize::MAX),
            requests: self.number(Key::Requests, usize::MAX),
            head_timeout: self.duration(Key::HeadTimeout),
            idle_timeout: self.duration(Key::IdleTimeout),
            drain_timeout: self.duration(Key::DrainTimeout),
            ..Settings::default()
        }
    }

    /// App settings that come from limits; other settings have their defaults.
    pub(crate) fn app_settings(&self) -> AppSettings {
        AppSettings {
            instances_per_worker: self.instances_per_worker(),
            recycling: self.recycling(),
            body_timeout: self.duration(Key::BodyTimeout),
            ..AppSettings::default()
        }
    }
}
