//! Settings of the host and of each app.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::Isolation;
use spikard_wasm_runtime::Recycling;

use crate::docs::Docs;
use crate::listener::Listener;
use crate::outgoing::Outgoing;

/// Host-wide settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Number of worker threads.
    pub workers: usize,
    /// Maximum open connections over all workers.
    pub connections: usize,
    /// Maximum requests in flight over all workers.
    pub requests: usize,
    /// Metrics endpoint.
    pub metrics: Metrics,
    /// Maximum time to receive a request head.
    pub head_timeout: Duration,
    /// Maximum idle time of a connection between two requests.
    pub idle_timeout: Duration,
    /// Maximum time that a graceful shutdown waits for requests in flight.
    pub drain_timeout: Duration,
}

/// Settings of one app.
#[derive(Debug, Clone)]
pub struct AppSettings {
    /// Maximum live instances per worker.
    pub instances_per_worker: u32,
    /// Instance replacement and warm-pool settings.
    pub recycling: Recycling,
    /// Maximum time to receive a request body.
    pub body_timeout: Duration,
    /// Settings that apply if this is a `wasi:http` app.
    pub http: HttpSettings,
    /// Client for outgoing requests; `None` if the app may send none.
    pub outgoing: Option<Arc<Outgoing>>,
    /// Validate replies against the schemas that their routes declare.
    pub check_replies: bool,
    /// Send `Server-Timing` with the duration of each stage.
    pub server_timing: bool,
    /// Root directory for the app's static files.
    pub static_root: Option<PathBuf>,
    /// OpenAPI document and viewer; `None` if disabled.
    pub docs: Option<Arc<Docs>>,
}

/// Settings of a `wasi:http` app.
#[derive(Debug, Clone, Copy)]
pub struct HttpSettings {
    /// Instance policy.
    pub isolation: Isolation,
    /// Maximum time to the response head, and to each chunk of its body.
    pub timeout: Duration,
    /// Maximum request body size in bytes.
    pub body_limit: u64,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            isolation: Isolation::Fresh,
            timeout: Duration::from_secs(30),
            body_limit: u64::MAX,
        }
    }
}

/// Metrics endpoint.
#[derive(Debug, Clone, Default)]
pub enum Metrics {
    /// Disabled.
    Off,
    /// `/metrics` on the app's own address.
    #[default]
    On,
    /// `/metrics` on a separate address.
    At(Arc<Listener>),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            connections: 10_000,
            requests: 10_000,
            metrics: Metrics::On,
            head_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            instances_per_worker: 32,
            recycling: Recycling::default(),
            body_timeout: Duration::from_secs(60),
            http: HttpSettings::default(),
            outgoing: None,
            check_replies: false,
            server_timing: false,
            static_root: None,
            docs: None,
        }
    }
}
