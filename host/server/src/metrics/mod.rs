//! Metrics by app, route and worker; always recorded.
//!
//! Each worker writes its own counters without locks or atomic read-modify-write operations. A scrape
//! adds them up; only a scrape takes a lock.

mod app;
mod expose;
mod histogram;
mod listener;
mod route;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use app::{AppFigures, WorkerFigures};
pub(crate) use listener::PATH;
pub(crate) use route::{Part, RouteFigures, Taken};

use crate::admission::Requests;
use app::History;

/// The name of an app in the log and in metrics, where there are several.
pub(crate) type AppName = Option<Arc<str>>;

/// The name that stands for a route, and for an app, where there is none.
pub(crate) const NO_ROUTE: &str = "-";

/// The name that stands for a route in an app for `wasi:http`.
pub(crate) const ANY_ROUTE: &str = "*";

/// The status that a request is counted by whose client went away before it was
/// answered, as nginx does.
pub(crate) const CLIENT_CLOSED: u16 = 499;

/// The figures of all apps and all workers.
pub(crate) struct Figures {
    apps: Mutex<Vec<History>>,
    /// Of requests that go to no app.
    nowhere: Arc<AppFigures>,
    /// The open connections of each worker.
    connections: Box<[Arc<AtomicUsize>]>,
    requests: Arc<Requests>,
    refused_connections: AtomicU64,
}

impl Figures {
    /// Figures for so many workers.
    pub(crate) fn new(requests: &Arc<Requests>, workers: usize) -> Arc<Self> {
        let name = Some(NO_ROUTE.into());
        Arc::new(Self {
            apps: Mutex::default(),
            nowhere: AppFigures::new(name, std::iter::empty(), NO_ROUTE, None, workers),
            connections: (0..workers).map(|_| Arc::default()).collect(),
            requests: requests.clone(),
            refused_connections: AtomicU64::new(0),
        })
    }

    /// The apps are others from now on. What one of the same name has counted goes on.
    pub(crate) fn replace(&self, apps: Vec<Arc<AppFigures>>) {
        let mut histories = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *histories);
        *histories = apps
            .into_iter()
            .map(|app| {
                let same = before.iter().position(|it| it.name() == app.name());
                match same {
                    Some(at) => before.swap_remove(at).then(app),
                    None => History::new(app),
                }
            })
            .collect();
    }

    /// The figures of requests that go to no app.
    pub(crate) fn nowhere(&self) -> &AppFigures {
        &self.nowhere
    }

    /// The open connections of each worker.
    pub(crate) fn of_connections(&self) -> &[Arc<AtomicUsize>] {
        &self.connections
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.connections.iter().map(|it| it.load(Relaxed)).sum()
    }

    /// Counts a connection that was turned away.
    pub(crate) fn refused_connection(&self) {
        self.refused_connections.fetch_add(1, Relaxed);
    }
}
