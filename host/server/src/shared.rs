//! State that all workers share: apps, limits and metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spikard_wasm_app::{Mount, Mounts};

use crate::admission::Requests;
use crate::hosted_app::HostedApp;
use crate::metrics::Figures;

/// The hosted apps and their mounts.
#[derive(Clone)]
pub(crate) struct Apps {
    pub(crate) all: Arc<[Arc<HostedApp>]>,
    pub(crate) mounts: Arc<Mounts>,
}

/// State of the host that does not depend on its apps.
#[derive(Clone)]
pub(crate) struct Shared {
    /// Index of the worker, and number of workers.
    pub(crate) number: usize,
    pub(crate) workers: usize,
    pub(crate) requests: Arc<Requests>,
    pub(crate) figures: Arc<Figures>,
    /// True if the apps' address also serves the metrics.
    pub(crate) serves_metrics: bool,
}

impl Shared {
    /// Returns the metrics if the apps' address serves them.
    pub(crate) fn metrics(&self) -> Option<Arc<Figures>> {
        self.serves_metrics.then(|| self.figures.clone())
    }

    /// Returns the metrics if `/metrics` is on the same hosts and below the same prefix as the
    /// app: only for an app that is mounted at the root of all hosts.
    pub(crate) fn metrics_beside(&self, mount: &Mount) -> Option<Arc<Figures>> {
        self.metrics().filter(|_| mount.is_everything())
    }
}

/// An open connection; it counts until this is dropped.
pub(crate) struct OpenConnection(Arc<AtomicUsize>);

impl OpenConnection {
    pub(crate) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
