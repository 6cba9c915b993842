//! How a host serves, and how each of its apps is served.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use spikard_wasm_app::Isolation;
use spikard_wasm_runtime::Recycling;

use crate::docs::Docs;
use crate::listener::Listener;
use crate::outgoing::Outgoing;

/// How a host serves, whatever its apps are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many worker threads there are.
    pub workers: usize,
    /// How many connections there may be at once, over all workers.
    pub connections: usize,
    /// How many requests may be in flight at once, over all workers.
    pub requests: usize,
    /// Where metrics are served.
    pub metrics: Metrics,
    /// The longest a request's head may take to arrive.
    pub head_timeout: Duration,
    /// The longest a connection is kept on which nothing moves between two requests.
    pub idle_timeout: Duration,
    /// The longest that requests in flight are waited for at a stop.
    pub drain_timeout: Duration,
}

/// How an app is served.
#[derive(Debug, Clone)]
pub struct AppSettings {
    /// How many instances each worker may have at once.
    pub instances_per_worker: u32,
    /// When instances are replaced, and how many are kept ready.
    pub recycling: Recycling,
    /// The longest a request's body may take to arrive.
    pub body_timeout: Duration,
    /// What holds where it is an app for `wasi:http`.
    pub http: HttpSettings,
    /// What sends the app's own requests, where it may send any.
    pub outgoing: Option<Arc<Outgoing>>,
    /// Whether replies are checked against what their routes declare.
    pub check_replies: bool,
    /// Whether responses say where their time went (`Server-Timing`).
    pub server_timing: bool,
    /// The folder below which the folders are that an app may serve.
    pub static_root: Option<PathBuf>,
    /// What is served beside the app's routes, if anything.
    pub docs: Option<Arc<Docs>>,
}

/// How an app for `wasi:http` is served.
#[derive(Debug, Clone, Copy)]
pub struct HttpSettings {
    /// Whether its requests share instances.
    pub isolation: Isolation,
    /// How long the head of a reply may take, and then each piece of its body.
    pub timeout: Duration,
    /// The longest request body, in bytes.
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

/// Where metrics are served.
#[derive(Debug, Clone, Default)]
pub enum Metrics {
    /// Nowhere.
    Off,
    /// At `/metrics`, beside the app's routes.
    #[default]
    On,
    /// At `/metrics` of an address of their own.
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
