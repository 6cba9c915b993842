//! What the host counts and times: always on, by route and worker.
//!
//! Every worker writes figures of its own, without locks and without atomic additions;
//! whoever asks for the metrics adds them up.

mod expose;
mod histogram;
mod route;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use spikard_wasm_app::App;
use spikard_wasm_runtime::PoolStats;

use histogram::add;
pub(crate) use route::{Part, RouteMetrics, Taken};

/// Why a request was not let in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Turned {
    /// As many calls wait for an instance as may.
    QueueFull,
    /// No instance came free in time.
    QueueTime,
    /// As many requests are in flight as may.
    Requests,
    /// As many connections are open as may.
    Connections,
}

impl Turned {
    const ALL: [Self; 4] = [
        Self::QueueFull,
        Self::QueueTime,
        Self::Requests,
        Self::Connections,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue",
            Self::QueueTime => "queue_time",
            Self::Requests => "requests",
            Self::Connections => "connections",
        }
    }
}

/// The figures of one worker, which its thread alone writes.
#[derive(Debug)]
pub(crate) struct WorkerMetrics {
    /// By the index of the route; the last is for requests that have none.
    routes: Box<[OnceLock<Box<RouteMetrics>>]>,
    turned: [AtomicU64; Turned::ALL.len()],
    pool: OnceLock<Arc<PoolStats>>,
}

impl WorkerMetrics {
    fn new(routes: usize) -> Self {
        Self {
            routes: (0..=routes).map(|_| OnceLock::new()).collect(),
            turned: Default::default(),
            pool: OnceLock::new(),
        }
    }

    /// Tells where the worker's instances are counted.
    pub(crate) fn has_pool(&self, stats: &Arc<PoolStats>) {
        // A worker has one pool.
        let _ = self.pool.set(stats.clone());
    }

    /// The figures of a route; a route that nobody asks for takes no memory.
    pub(crate) fn route(&self, index: Option<u32>) -> Option<&RouteMetrics> {
        let last = self.routes.len() - 1;
        let index = index.map_or(last, |index| index as usize);
        let route = self.routes.get(index)?;
        Some(route.get_or_init(Box::default))
    }

    /// Counts a request that was turned away.
    pub(crate) fn turned(&self, why: Turned) {
        add(&self.turned[why as usize], 1);
    }
}

/// The figures of all workers.
#[derive(Debug)]
pub(crate) struct Metrics {
    app: Arc<App>,
    workers: Vec<Arc<WorkerMetrics>>,
    /// Connections that the accepting thread turned away.
    refused: AtomicU64,
    connections: Box<[Arc<std::sync::atomic::AtomicUsize>]>,
}

impl Metrics {
    /// Figures for so many workers, with how many connections each has open.
    pub(crate) fn new(
        app: &Arc<App>,
        connections: Vec<Arc<std::sync::atomic::AtomicUsize>>,
    ) -> Arc<Self> {
        let routes = app.routes().len();
        let worker = || Arc::new(WorkerMetrics::new(routes));
        Arc::new(Self {
            app: app.clone(),
            workers: connections.iter().map(|_| worker()).collect(),
            refused: AtomicU64::new(0),
            connections: connections.into(),
        })
    }

    /// The figures of one worker.
    pub(crate) fn worker(&self, number: usize) -> Option<&Arc<WorkerMetrics>> {
        self.workers.get(number)
    }

    /// Counts a connection that was turned away.
    pub(crate) fn refused_connection(&self) {
        add(&self.refused, 1);
    }

    fn turned(&self, why: Turned) -> u64 {
        let workers = self.workers.iter();
        let turned = workers.map(|worker| worker.turned[why as usize].load(Relaxed));
        let refused = match why {
            Turned::Connections => self.refused.load(Relaxed),
            _ => 0,
        };
        turned.sum::<u64>() + refused
    }

    fn pools(&self) -> impl Iterator<Item = &PoolStats> {
        let pools = self.workers.iter().filter_map(|worker| worker.pool.get());
        pools.map(AsRef::as_ref)
    }
}
