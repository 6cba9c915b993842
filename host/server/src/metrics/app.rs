//! Metrics of an app, including earlier versions of the same name.

use std::collections::BTreeMap;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, OnceLock};

use spikard_wasm_runtime::{PoolStats, Recycled};

use super::histogram::Sum;
use super::names::AppName;
use super::route::{Part, RouteFigures, Taken};
use crate::outgoing::OutgoingFigures;

/// The figures of one app in one worker, which its thread alone writes.
#[derive(Debug)]
pub(crate) struct WorkerFigures {
    /// By the index of the route; the last is for requests that have none.
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

    /// Tells where the worker's instances are counted.
    pub(crate) fn has_pool(&self, stats: &Arc<PoolStats>) {
        // An app has one pool in a worker.
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

/// The figures of one app in all workers.
#[derive(Debug)]
pub(crate) struct AppFigures {
    name: AppName,
    /// The names of its routes.
    routes: Box<[Box<str>]>,
    /// What stands for a route where there is none.
    rest: &'static str,
    outgoing: Option<Arc<OutgoingFigures>>,
    workers: Box<[Arc<WorkerFigures>]>,
}

impl AppFigures {
    /// Figures of an app with these routes, for so many workers; `rest` stands for none of
    /// the routes.
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

    /// The app's name, where there are several.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The figures of one worker.
    pub(crate) fn worker(&self, number: usize) -> Arc<WorkerFigures> {
        self.workers[number].clone()
    }

    /// Its routes in their order, and what stands for none.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.routes.iter().map(AsRef::as_ref);
        names.chain(std::iter::once(self.rest))
    }

    /// Whether no worker writes them any more.
    fn is_done(&self) -> bool {
        let done = self.workers.iter().all(|it| Arc::strong_count(it) == 1);
        // What was written before a worker let go is seen after this.
        fence(Ordering::Acquire);
        done
    }
}

/// What was counted of a route.
#[derive(Debug, Clone)]
pub(super) struct RouteTotal {
    /// How often each status was sent; 0 stands for all that are too many.
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) duration: Sum,
    /// In the order of [`Part::all`].
    pub(super) parts: Vec<Sum>,
}

/// What was counted of an app.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    pub(super) routes: BTreeMap<String, RouteTotal>,
    pub(super) created: u64,
    pub(super) recycled: [u64; Recycled::ALL.len()],
    pub(super) queue_full: u64,
    pub(super) queue_time: u64,
    /// The app's own requests, in the order of [`OutgoingFigures::counts`].
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
            for (sum, why) in self.recycled.iter_mut().zip(Recycled::ALL) {
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

/// The figures of the app that has a name now, and what those before it counted: its
/// counters go on when it is reloaded.
#[derive(Debug)]
pub(super) struct History {
    now: Arc<AppFigures>,
    /// Those that still have requests.
    ending: Vec<Arc<AppFigures>>,
    /// What those counted that are gone, of routes that are still there.
    past: Total,
}

impl History {
    pub(super) fn new(app: Arc<AppFigures>) -> Self {
        Self {
            now: app,
            ending: Vec::new(),
            past: Total::default(),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.now.name()
    }

    /// Goes on with another app of the same name.
    pub(super) fn then(mut self, app: Arc<AppFigures>) -> Self {
        if !Arc::ptr_eq(&self.now, &app) {
            let before = std::mem::replace(&mut self.now, app);
            self.ending.push(before);
        }
        self
    }

    /// The app that has the name now.
    pub(super) fn now(&self) -> &AppFigures {
        &self.now
    }

    /// Everything that was counted under the name.
    pub(super) fn total(&mut self) -> Total {
        let past = &mut self.past;
        self.ending.retain(|app| {
            let is_done = app.is_done();
            if is_done {
                past.add(app);
            }
            !is_done
        });
        let now = &self.now;
        past.routes
            .retain(|name, _| now.names().any(|known| known == name));
        let mut total = past.clone();
        self.ending.iter().for_each(|app| total.add(app));
        total.add(now);
        total
    }

    /// The app's own requests under way; `None` where it may send none.
    pub(super) fn under_way(&self) -> Option<u64> {
        let apps = self.ending.iter().chain(std::iter::once(&self.now));
        let outgoing = apps.filter_map(|app| app.outgoing.as_ref());
        let under_way = outgoing.map(|outgoing| outgoing.under_way());
        under_way.reduce(|sum, next| sum + next)
    }

    /// The instances of all workers.
    pub(super) fn pools(&self) -> impl Iterator<Item = &PoolStats> {
        let apps = self.ending.iter().chain(std::iter::once(&self.now));
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
    fn counters_go_on_when_an_app_is_replaced() {
        let first = app(&["x", "y"]);
        let (one, two) = (first.worker(0), first.worker(1));
        one.record(Some(0), 200, &Taken::default());
        two.record(Some(0), 200, &Taken::default());
        two.record(Some(1), 200, &Taken::default());
        let mut history = History::new(first);
        assert_eq!(count(&history.total(), "x"), Some(2));
        // Others have the indexes, and `y` is no more.
        let second = app(&["z", "x"]);
        let worker = second.worker(0);
        let mut history = history.then(second);
        worker.record(Some(1), 200, &Taken::default());
        // A request of the old app ends after it was replaced.
        one.record(Some(0), 200, &Taken::default());
        assert_eq!(count(&history.total(), "x"), Some(4));
        assert_eq!(history.ending.len(), 1);
        drop((one, two));
        let total = history.total();
        assert_eq!((count(&total, "x"), count(&total, "z")), (Some(4), None));
        assert_eq!(history.ending.len(), 0);
        assert!(!history.past.routes.contains_key("y"));
        assert_eq!(count(&history.total(), "x"), Some(4));
    }
}
