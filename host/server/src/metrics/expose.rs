//! The metrics as text, in the format that Prometheus reads: OpenMetrics 1.0.

use std::fmt;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use spikard_wasm_runtime::{PoolStats, Recycled};

use super::app::{History, RouteTotal, Total};
use super::{Figures, Part};
use crate::outgoing::OutgoingFigures;

/// The content type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All figures of a moment.
#[derive(Debug)]
struct Moment {
    apps: Vec<AppMoment>,
    refused_requests: u64,
    refused_connections: u64,
    connections: u64,
}

/// The figures of an app.
#[derive(Debug)]
struct AppMoment {
    name: Option<String>,
    /// In the order of the app's routes.
    routes: Vec<(String, RouteTotal)>,
    total: Total,
    idle: u64,
    leased: u64,
    prepared: u64,
    memory: u64,
    waiting: u64,
    /// The app's own requests under way, where it may send any.
    under_way: Option<u64>,
}

impl Figures {
    /// All figures of this moment.
    pub(crate) fn text(&self) -> String {
        let mut registry = Registry::with_prefix("spikard_wasm");
        registry.register_collector(Box::new(self.moment()));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &registry);
        text
    }

    fn moment(&self) -> Moment {
        let mut histories = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        let mut apps: Vec<AppMoment> = histories.iter_mut().map(AppMoment::of).collect();
        let mut nowhere = History::new(self.nowhere.clone());
        let nowhere = AppMoment::of(&mut nowhere);
        apps.extend(Some(nowhere).filter(|nowhere| !nowhere.routes.is_empty()));
        Moment {
            apps,
            refused_requests: self.requests.refused(),
            refused_connections: self.refused_connections.load(Relaxed),
            connections: self.connections() as u64,
        }
    }
}

impl AppMoment {
    fn of(history: &mut History) -> Self {
        let mut total = history.total();
        let names = history.now().names();
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

    /// Labels, with that of the app before them where there are several.
    fn labels<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let name = self.name.as_deref().map(|name| ("app", name));
        name.into_iter().chain(more.iter().copied()).collect()
    }
}

impl Collector for Moment {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = |name, help, unit: Option<&Unit>, kind, write: Write<'_>| {
            let mut encoder = encoder.encode_descriptor(name, help, unit, kind)?;
            write(&mut encoder)
        };
        let (counts, gauges) = (MetricType::Counter, MetricType::Gauge);
        let times = MetricType::Histogram;
        let help = "Requests that were answered";
        family("requests", help, None, counts, &|e| self.requests(e))?;
        let help = "From the complete head of a request to its response";
        let seconds = Some(&Unit::Seconds);
        let name = "request_duration";
        family(name, help, seconds, times, &|e| self.durations(e))?;
        let help = "Where the time of requests went";
        let name = "request_stage";
        family(name, help, seconds, times, &|e| self.stages(e))?;
        let help = "Instances that exist";
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
        let help = "Instances that were made";
        family("instances_created", help, None, counts, &|e| {
            self.each(|app| counter(e, &app.labels(&[]), app.total.created))
        })?;
        let help = "Instances that were not kept";
        family("instances_recycled", help, None, counts, &|e| {
            self.each(|app| {
                for (why, count) in Recycled::ALL.into_iter().zip(app.total.recycled) {
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
        let help = "Requests that wait for an instance";
        family("queue_depth", help, None, gauges, &|e| {
            self.each(|app| gauge(e, &app.labels(&[]), app.waiting))
        })?;
        let help = "Requests and connections that were turned away";
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
        let help = "Requests that apps sent, or were not let to";
        family("outgoing_requests", help, None, counts, &|e| {
            self.each(|app| {
                let outcomes = OutgoingFigures::OUTCOMES.into_iter();
                let may = app.under_way.is_some();
                for (outcome, count) in outcomes.zip(app.total.outgoing).filter(|_| may) {
                    counter(e, &app.labels(&[("outcome", outcome)]), count)?;
                }
                Ok(())
            })
        })?;
        let help = "Requests of apps whose responses have not ended";
        family("outgoing_under_way", help, None, gauges, &|e| {
            self.each(|app| match app.under_way {
                Some(number) => gauge(e, &app.labels(&[]), number),
                None => Ok(()),
            })
        })?;
        let help = "Connections that are open";
        family("connections", help, None, gauges, &|e| {
            gauge(e, &[], self.connections)
        })
    }
}

impl Moment {
    /// The apps that have instances.
    fn each(&self, mut write: impl FnMut(&AppMoment) -> fmt::Result) -> fmt::Result {
        let is_app = |app: &&AppMoment| app.name.as_deref() != Some(super::NO_ROUTE);
        self.apps.iter().filter(is_app).try_for_each(&mut write)
    }

    fn routes(&self) -> impl Iterator<Item = (&AppMoment, &str, &RouteTotal)> {
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
