//! Metrics of the host: all apps and all workers.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::app::{AppFigures, History};
use super::names::NO_ROUTE;
use crate::admission::Requests;

/// Metrics of the host: all apps and all workers.
pub(crate) struct Figures {
    pub(super) apps: Mutex<Vec<History>>,
    /// Requests that match no app.
    pub(super) not_found: Arc<AppFigures>,
    /// Open connections by worker.
    connections: Box<[Arc<AtomicUsize>]>,
    pub(super) requests: Arc<Requests>,
    pub(super) refused_connections: AtomicU64,
}

impl Figures {
    /// Creates the metrics of a host with this number of workers.
    pub(crate) fn new(requests: &Arc<Requests>, workers: usize) -> Arc<Self> {
        let name = Some(NO_ROUTE.into());
        Arc::new(Self {
            apps: Mutex::default(),
            not_found: AppFigures::new(name, std::iter::empty(), NO_ROUTE, None, workers),
            connections: (0..workers).map(|_| Arc::default()).collect(),
            requests: requests.clone(),
            refused_connections: AtomicU64::new(0),
        })
    }

    /// Replaces the apps. Counters of an app continue if the new app has the same name.
    pub(crate) fn replace(&self, apps: Vec<Arc<AppFigures>>) {
        let mut histories = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *histories);
        *histories = apps
            .into_iter()
            .map(|app| {
                let same = before.iter().position(|it| it.name() == app.name());
                match same {
                    Some(at) => before.swap_remove(at).replace(app),
                    None => History::new(app),
                }
            })
            .collect();
    }

    /// Returns the metrics of requests that match no app.
    pub(crate) fn not_found(&self) -> &AppFigures {
        &self.not_found
    }

    /// Returns the counters of open connections by worker.
    pub(crate) fn connection_counts(&self) -> &[Arc<AtomicUsize>] {
        &self.connections
    }

    /// Returns the number of open connections.
    pub(crate) fn connections(&self) -> usize {
        self.connections.iter().map(|it| it.load(Relaxed)).sum()
    }

    /// Counts a rejected connection.
    pub(crate) fn count_refused_connection(&self) {
        self.refused_connections.fetch_add(1, Relaxed);
    }
}
