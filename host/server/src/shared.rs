//! State that all workers share: apps, limits and metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spikard_wasm_app::{Mount, Mounts};

use crate::admission::Requests;
use crate::hosted_app::HostedApp;
use crate::metrics::Figures;

/// The apps of all workers, and where each is.
#[derive(Clone)]
pub(crate) struct Apps {
    pub(crate) all: Arc<[Arc<HostedApp>]>,
    pub(crate) mounts: Arc<Mounts>,
}

/// What a worker knows of the host, whatever its apps are.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The worker's number, and how many there are.
    pub(crate) number: usize,
    pub(crate) workers: usize,
    pub(crate) requests: Arc<Requests>,
    pub(crate) figures: Arc<Figures>,
    /// Whether metrics are served beside the apps.
    pub(crate) serves_metrics: bool,
}

impl Shared {
    /// The metrics, where they are served beside the apps.
    pub(crate) fn metrics(&self) -> Option<Arc<Figures>> {
        self.serves_metrics.then(|| self.figures.clone())
    }

    /// The metrics for an app beside whose routes they are: they are at the root of those
    /// hosts that no app has taken by name.
    pub(crate) fn metrics_beside(&self, mount: &Mount) -> Option<Arc<Figures>> {
        self.metrics().filter(|_| mount.is_everything())
    }
}

/// Counts a connection for as long as it is open.
pub(crate) struct Open(Arc<AtomicUsize>);

impl Open {
    pub(crate) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
