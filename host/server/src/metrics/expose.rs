//! Exposition of the metrics in the text format OpenMetrics 1.0, which Prometheus reads.

use std::fmt;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use spikard_wasm_runtime::{PoolStats, RecycleReason};

use super::app::{History, RouteTotal, Total};
use super::figures::Figures;
use super::route::Part;
use crate::outgoing::OutgoingFigures;

/// Content type of the exposition.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics at one point in time.
#[derive(Debug)]
struct Snapshot {
    apps: Vec<AppSnapshot>,
    refused_requests: u64,
    refused_connections: u64,
    connections: u64,
}

/// Metrics of an app at one point in time.
#[derive(Debug)]
struct AppSnapshot {
    name: Option<String>,
    /// Totals in the order of the app's routes.
    routes: Vec<(String, RouteTotal)>,
    total: Total,
    idle: u64,
    leased: u64,
    prepared: u64,
    memory: u64,
    waiting: u64,
    /// Outgoing requests in flight; `None` if the app may send none.
    under_way: Option<u64>,
}

impl Figures {
    /// Formats the current metrics.
    pub(crate) fn text(&self) -> String {
        let mut registry = Registry::with_prefix("spikard_wasm");
        registry.register_collector(Box::new(self.snapshot()));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &registry);
        text
    }

    fn snapshot(&self) -> Snapshot {
        let mut histories = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let mut apps: Vec<AppSnapshot> = histories.iter_mut().map(AppSnapshot::of).collect();
        let mut not_found = History::new(self.not_found.clone());
        let not_found = AppSnapshot::of(&mut not_found);
        apps.extend(Some(not_found).filter(|it| !it.routes.is_empty()));
        Snapshot {
            apps,
            refused_requests: self.requests.refused(),
            refused_connections: self.refused_connections.load(Relaxed),
            connections: self.connections() as u64,
        }
    }
}

impl AppSnapshot {
    fn of(history: &mut History) -> Self {
        let mut total = history.total();
        let names = history.current().names();
        let routes = names.filter_map(|name| total.routes.remove_entry(name));
        let routes = routes.collect();
        let sum = |of: fn(&PoolStats) -> u64| history.pools().map(of).sum();
        Self {
            name: history.name().map(str::to_owned),
            routes,
            idle: sum(PoolStats::idle),
            leased: sum(PoolStats::leased),
            prepared: sum(PoolStats::prepared),
            memory: sum(PoolStats::memory),
            waiting: sum(PoolStats::waiting),
            under_way: history.under_way(),
            total,
        }
    }

    /// Returns the labels, preceded by `app` if the host serves several apps.
    fn labels<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let name = self.name.as_deref().map(|name| ("app", name));
        name.into_iter().chain(more.iter().copied()).collect()
    }
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = |name, help, unit: Option<&Unit>, kind, write: Write<'_>| {
            let mut encoder = encoder.encode_descriptor(name, help, unit, kind)?;
            write(&mut encoder)
        };
        let (counts, gauges) = (MetricType::Counter, MetricType::Gauge);
        let times = MetricType::Histogram;
        let help = "Answered requests";
        family("requests", help, None, counts, &|e| self.requests(e))?;
        let help = "Time from the complete request head to the response";
        let seconds = Some(&Unit::Seconds);
        let name = "request_duration";
        family(name, help, seconds, times, &|e| self.durations(e))?;
        let help = "Time in each stage of a request";
        let name = "request_stage";
        family(name, help, seconds, times, &|e| self.stages(e))?;
        let help = "Existing instances";
        family("instances", help, None, gauges, &|e| {
            self.each(|app| {
                for (state, number) in [
                    ("idle", app.idle),
                    ("leased", app.leased),
                    ("prepared", app.prepared),
                ] {
                    gauge(e, &app.labels(&[("state", state)]), number)?;
                }
                Ok(())
            })
        })?;
        let help = "Instances created to serve";
        family("instances_created", help, None, counts, &|e| {
            self.each(|app| counter(e, &app.labels(&[]), app.total.created))
        })?;
        let help = "Dropped instances by reason";
        family("instances_recycled", help, None, counts, &|e| {
            self.each(|app| {
                for (why, count) in RecycleReason::ALL.into_iter().zip(app.total.recycled) {
                    counter(e, &app.labels(&[("reason", why.as_str())]), count)?;
                }
                Ok(())
            })
        })?;
        let help = "Linear memories of all instances";
        let bytes = Some(&Unit::Bytes);
        family("instance_memory", help, bytes, gauges, &|e| {
            self.each(|app| gauge(e, &app.labels(&[]), app.memory))
        })?;
        let help = "Requests waiting for an instance";
        family("queue_depth", help, None, gauges, &|e| {
            self.each(|app| gauge(e, &app.labels(&[]), app.waiting))
        })?;
        let help = "Rejected requests and connections by limit";
        family("refusals", help, None, counts, &|e| {
            self.each(|app| {
                let total = &app.total;
                for (reason, count) in [
                    ("queue", total.queue_full),
                    ("queue_time", total.queue_time),
                ] {
                    counter(e, &app.labels(&[("reason", reason)]), count)?;
                }
                Ok(())
            })?;
            counter(e, &[("reason", "requests")], self.refused_requests)?;
            counter(e, &[("reason", "connections")], self.refused_connections)
        })?;
        let help = "Outgoing requests of apps by outcome";
        family("outgoing_requests", help, None, counts, &|e| {
            self.each(|app| {
                let outcomes = OutgoingFigures::OUTCOMES.into_iter();
                let may_send = app.under_way.is_some();
                for (outcome, count) in outcomes.zip(app.total.outgoing).filter(|_| may_send) {
                    counter(e, &app.labels(&[("outcome", outcome)]), count)?;
                }
                Ok(())
            })
        })?;
        let help = "Outgoing requests whose responses have not ended";
        family("outgoing_under_way", help, None, gauges, &|e| {
            self.each(|app| match app.under_way {
                Some(number) => gauge(e, &app.labels(&[]), number),
                None => Ok(()),
            })
        })?;
        let help = "Open connections";
        family("connections", help, None, gauges, &|e| {
            gauge(e, &[], self.connections)
        })
    }
}

impl Snapshot {
    /// Calls `write` for each app, but not for the requests that match no app.
    fn each(&self, mut write: impl FnMut(&AppSnapshot) -> fmt::Result) -> fmt::Result {
        let is_app = |app: &&AppSnapshot| app.name.as_deref() != Some(super::names::NO_ROUTE);
        self.apps.iter().filter(is_app).try_for_each(&mut write)
    }

    fn routes(&self) -> impl Iterator<Item = (&AppSnapshot, &str, &RouteTotal)> {
        self.apps.iter().flat_map(|app| {
            let routes = app.routes.iter();
            routes.map(move |(name, total)| (app, name.as_str(), total))
        })
    }

    fn requests(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        for (app, name, total) in self.routes() {
            for (status, count) in &total.statuses {
                let status = match status {
                    0 => "other".to_owned(),
                    status => status.to_string(),
                };
                let labels = app.labels(&[("route", name), ("status", &status)]);
                counter(encoder, &labels, *count)?;
            }
        }
        Ok(())
    }

    fn durations(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        for (app, name, total) in self.routes() {
            let labels = app.labels(&[("route", name)]);
            total.duration.encode(encoder, &labels)?;
        }
        Ok(())
    }

    fn stages(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        for (app, name, total) in self.routes() {
            for (part, sum) in Part::all().zip(&total.parts) {
                if sum.count() != 0 {
                    let labels = app.labels(&[("route", name), ("stage", part.as_str())]);
                    sum.encode(encoder, &labels)?;
                }
            }
        }
        Ok(())
    }
}

type Write<'a> = &'a dyn Fn(&mut MetricEncoder<'_>) -> fmt::Result;
type Labels<'a> = [(&'a str, &'a str)];

fn counter(encoder: &mut MetricEncoder<'_>, labels: &Labels<'_>, count: u64) -> fmt::Result {
    if labels.is_empty() {
        return encoder.encode_counter::<NoLabelSet, _, u64>(&count, None);
    }
    let mut encoder = encoder.encode_family(&labels)?;
    encoder.encode_counter::<NoLabelSet, _, u64>(&count, None)
}

fn gauge(encoder: &mut MetricEncoder<'_>, labels: &Labels<'_>, value: u64) -> fmt::Result {
    if labels.is_empty() {
        return encoder.encode_gauge(&value);
    }
    encoder.encode_family(&labels)?.encode_gauge(&value)
}

impl super::histogram::Sum {
    fn encode(&self, encoder: &mut MetricEncoder<'_>, labels: &Labels<'_>) -> fmt::Result {
        let mut encoder = encoder.encode_family(&labels)?;
        encoder.encode_histogram::<NoLabelSet>(self.seconds(), self.count(), &self.buckets(), None)
    }
}
