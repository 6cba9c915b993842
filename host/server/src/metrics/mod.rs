//! What the host counts and times: always on, by route and worker.
//!
//! Every worker writes figures of its own, without locks and without atomic additions;
//! whoever asks for the metrics adds them up.

mod expose;
mod histogram;
mod listener;
mod route;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use spikard_wasm_app::App;
use spikard_wasm_runtime::PoolStats;

pub(crate) use listener::PATH;
pub(crate) use route::{Part, RouteFigures, Taken};

use crate::admission::Requests;

/// The status that a request is counted by whose client went away before it was
/// answered, as nginx does.
pub(crate) const CLIENT_CLOSED: u16 = 499;

/// The figures of one worker, which its thread alone writes.
#[derive(Debug)]
pub(crate) struct WorkerFigures {
    /// By the index of the route; the last is for requests that have none.
    routes: Box<[OnceLock<Box<RouteFigures>>]>,
    pool: OnceLock<Arc<PoolStats>>,
    /// Its open connections.
    pub(crate) connections: Arc<AtomicUsize>,
}

impl WorkerFigures {
    fn new(routes: usize) -> Self {
        Self {
            routes: (0..=routes).map(|_| OnceLock::new()).collect(),
            pool: OnceLock::new(),
            connections: Arc::default(),
        }
    }

    /// Tells where the worker's instances are counted.
    pub(crate) fn has_pool(&self, stats: &Arc<PoolStats>) {
        // A worker has one pool.
        let _ = self.pool.set(stats.clone());
    }

    /// Counts a request for a route, or for none. A route that nobody asks for takes no
    /// memory.
    pub(crate) fn record(&self, route: Option<u32>, status: u16, taken: &Taken) {
        let last = self.routes.len() - 1;
        let index = route.map_or(last, |index| index as usize);
        if let Some(route) = self.routes.get(index) {
            route.get_or_init(Box::default).record(status, taken);
        }
    }
}

/// The figures of all workers.
pub(crate) struct Figures {
    app: Arc<App>,
    workers: Box<[Arc<WorkerFigures>]>,
    requests: Arc<Requests>,
    refused_connections: AtomicU64,
}

impl std::fmt::Debug for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Figures of {} workers", self.workers.len())
    }
}

impl Figures {
    /// Figures for so many workers.
    pub(crate) fn new(app: &Arc<App>, requests: &Arc<Requests>, workers: usize) -> Arc<Self> {
        let worker = |_| Arc::new(WorkerFigures::new(app.routes().len()));
        Arc::new(Self {
            app: app.clone(),
            workers: (0..workers).map(worker).collect(),
            requests: requests.clone(),
            refused_connections: AtomicU64::new(0),
        })
    }

    /// The figures of each worker.
    pub(crate) fn workers(&self) -> &[Arc<WorkerFigures>] {
        &self.workers
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        let workers = self.workers.iter();
        workers.map(|worker| worker.connections.load(Relaxed)).sum()
    }

    /// Counts a connection that was turned away.
    pub(crate) fn refused_connection(&self) {
        self.refused_connections.fetch_add(1, Relaxed);
    }

    fn pools(&self) -> impl Iterator<Item = &PoolStats> {
        let pools = self.workers.iter().filter_map(|worker| worker.pool.get());
        pools.map(AsRef::as_ref)
    }
}
