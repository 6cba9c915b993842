//! Metrics of an app, including earlier versions of the same name.

use std::collections::BTreeMap;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, OnceLock};

use spikard_wasm_runtime::{PoolStats, RecycleReason};

use super::histogram::Sum;
use super::names::AppName;
use super::route::{Part, RouteFigures, StageTimes};
use crate::outgoing::OutgoingFigures;

/// Metrics of one app in one worker; only the worker's thread writes them.
#[derive(Debug)]
pub(crate) struct WorkerFigures {
    /// Metrics by route index; the last entry is for requests without a route.
    routes: Box<[OnceLock<Box<RouteFigures>>]>,
    pool: OnceLock<Arc<PoolStats>>,
}

impl WorkerFigures {
    fn new(routes: usize) -> Self {
        Self {
            routes: (0..=routes).map(|_| OnceLock::new()).collect(),
            pool: OnceLock::new(),
        }
    }

    /// Sets the metrics of the worker's instance pool.
    pub(crate) fn set_pool(&self, stats: &Arc<PoolStats>) {
        // An app has one pool per worker, so this is not set yet.
        let _ = self.pool.set(stats.clone());
    }

    /// Returns the metrics of the worker's instance pool.
    pub(crate) fn pool(&self) -> Arc<PoolStats> {
        self.pool.get().cloned().unwrap_or_default()
    }

    /// Counts a request; `route` is `None` for a request without a route. Memory for a route's
    /// metrics is allocated at its first request.
    pub(crate) fn record(&self, route: Option<u32>, status: u16, times: &StageTimes) {
        let last = self.routes.len() - 1;
        let index = route.map_or(last, |index| index as usize);
        if let Some(route) = self.routes.get(index) {
            route.get_or_init(Box::default).record(status, times);
        }
    }
}

/// Metrics of one app in all workers.
#[derive(Debug)]
pub(crate) struct AppFigures {
    name: AppName,
    /// Route names by route index.
    routes: Box<[Box<str>]>,
    /// Route label for requests without a route.
    rest: &'static str,
    outgoing: Option<Arc<OutgoingFigures>>,
    workers: Box<[Arc<WorkerFigures>]>,
}

impl AppFigures {
    /// Creates the metrics of an app. `rest` is the route label for requests without a route.
    pub(crate) fn new<'a>(
        name: AppName,
        routes: impl Iterator<Item = &'a str>,
        rest: &'static str,
        outgoing: Option<Arc<OutgoingFigures>>,
        workers: usize,
    ) -> Arc<Self> {
        let routes: Box<[Box<str>]> = routes.map(Box::from).collect();
        let worker = |_| Arc::new(WorkerFigures::new(routes.len()));
        let workers = (0..workers).map(worker).collect();
        Arc::new(Self {
            name,
            routes,
            rest,
            outgoing,
            workers,
        })
    }

    /// Returns the app's name; `None` if the host serves a single app.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the metrics of one worker.
    pub(crate) fn worker(&self, number: usize) -> Arc<WorkerFigures> {
        self.workers[number].clone()
    }

    /// Iterates over the route names in order, followed by the label for requests without one.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.routes.iter().map(AsRef::as_ref);
        names.chain(std::iter::once(self.rest))
    }

    /// Returns true if all workers have dropped the app and write no more metrics.
    fn is_drained(&self) -> bool {
        let is_drained = self.workers.iter().all(|it| Arc::strong_count(it) == 1);
        // Makes the workers' last writes visible to this thread.
        fence(Ordering::Acquire);
        is_drained
    }
}

/// Metrics of a route, added up over all workers.
#[derive(Debug, Clone)]
pub(super) struct RouteTotal {
    /// Request count by status; key 0 counts the statuses beyond the limit.
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) duration: Sum,
    /// In the order of [`Part::all`].
    pub(super) parts: Vec<Sum>,
}

/// Metrics of an app, added up over all workers.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    pub(super) routes: BTreeMap<String, RouteTotal>,
    pub(super) created: u64,
    pub(super) recycled: [u64; RecycleReason::ALL.len()],
    pub(super) queue_full: u64,
    pub(super) queue_time: u64,
    /// Outgoing requests, in the order of [`OutgoingFigures::counts`].
    pub(super) outgoing: [u64; 3],
}

impl RouteTotal {
    fn new() -> Self {
        Self {
            statuses: BTreeMap::new(),
            duration: Sum::default(),
            parts: Part::all().map(|_| Sum::default()).collect(),
        }
    }

    fn add(&mut self, figures: &RouteFigures) {
        for (status, count) in figures.statuses() {
            *self.statuses.entry(status).or_default() += count;
        }
        figures.add_duration(&mut self.duration);
        for (part, sum) in Part::all().zip(&mut self.parts) {
            figures.add_part(part, sum);
        }
    }
}

impl Total {
    pub(super) fn add(&mut self, app: &AppFigures) {
        for worker in &app.workers {
            for (name, figures) in app.names().zip(&worker.routes) {
                let Some(figures) = figures.get() else {
                    continue;
                };
                let total = self.routes.entry(name.to_owned());
                total.or_insert_with(RouteTotal::new).add(figures);
            }
            let Some(pool) = worker.pool.get() else {
                continue;
            };
            self.created += pool.created();
            for (sum, why) in self.recycled.iter_mut().zip(RecycleReason::ALL) {
                *sum += pool.recycled(why);
            }
            self.queue_full += pool.queue_full();
            self.queue_time += pool.queue_time();
        }
        let counts = app.outgoing.iter().flat_map(|outgoing| outgoing.counts());
        for (sum, count) in self.outgoing.iter_mut().zip(counts) {
            *sum += count;
        }
    }
}

/// Metrics of all versions of an app, so that its counters continue when it is reloaded.
#[derive(Debug)]
pub(super) struct History {
    current: Arc<AppFigures>,
    /// Replaced versions with requests in flight.
    draining: Vec<Arc<AppFigures>>,
    /// Totals of dropped versions, for routes that the current version has.
    past: Total,
}

impl History {
    pub(super) fn new(app: Arc<AppFigures>) -> Self {
        Self {
            current: app,
            draining: Vec::new(),
            past: Total::default(),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.current.name()
    }

    /// Continues with a new version of the app.
    pub(super) fn replace(mut self, app: Arc<AppFigures>) -> Self {
        if !Arc::ptr_eq(&self.current, &app) {
            let before = std::mem::replace(&mut self.current, app);
            self.draining.push(before);
        }
        self
    }

    /// Returns the metrics of the current version.
    pub(super) fn current(&self) -> &AppFigures {
        &self.current
    }

    /// Adds up the metrics of all versions.
    pub(super) fn total(&mut self) -> Total {
        let past = &mut self.past;
        self.draining.retain(|app| {
            let is_drained = app.is_drained();
            if is_drained {
                past.add(app);
            }
            !is_drained
        });
        let current = &self.current;
        past.routes
            .retain(|name, _| current.names().any(|known| known == name));
        let mut total = past.clone();
        self.draining.iter().for_each(|app| total.add(app));
        total.add(current);
        total
    }

    /// Returns the number of outgoing requests in flight; `None` if the app may send none.
    pub(super) fn under_way(&self) -> Option<u64> {
        let apps = self.draining.iter().chain(std::iter::once(&self.current));
        let outgoing = apps.filter_map(|app| app.outgoing.as_ref());
        let under_way = outgoing.map(|outgoing| outgoing.under_way());
        under_way.reduce(|sum, next| sum + next)
    }

    /// Iterates over the instance pools of all workers.
    pub(super) fn pools(&self) -> impl Iterator<Item = &PoolStats> {
        let apps = self.draining.iter().chain(std::iter::once(&self.current));
        let workers = apps.flat_map(|app| app.workers.iter());
        workers.filter_map(|worker| worker.pool.get().map(AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(routes: &[&str]) -> Arc<AppFigures> {
        AppFigures::new(Some("a".into()), routes.iter().copied(), "-", None, 2)
    }

    fn count(total: &Total, route: &str) -> Option<u64> {
        Some(total.routes.get(route)?.statuses[&200])
    }

    #[test]
    fn counters_continue_when_an_app_is_replaced() {
        let first = app(&["x", "y"]);
        let (one, two) = (first.worker(0), first.worker(1));
        one.record(Some(0), 200, &StageTimes::default());
        two.record(Some(0), 200, &StageTimes::default());
        two.record(Some(1), 200, &StageTimes::default());
        let mut history = History::new(first);
        assert_eq!(count(&history.total(), "x"), Some(2));
        // The indexes change, and `y` is removed.
        let second = app(&["z", "x"]);
        let worker = second.worker(0);
        let mut history = history.replace(second);
        worker.record(Some(1), 200, &StageTimes::default());
        // A request of the old app ends after it was replaced.
        one.record(Some(0), 200, &StageTimes::default());
        assert_eq!(count(&history.total(), "x"), Some(4));
        assert_eq!(history.draining.len(), 1);
        drop((one, two));
        let total = history.total();
        assert_eq!((count(&total, "x"), count(&total, "z")), (Some(4), None));
        assert_eq!(history.draining.len(), 0);
        assert!(!history.past.routes.contains_key("y"));
        assert_eq!(count(&history.total(), "x"), Some(4));
    }
}
