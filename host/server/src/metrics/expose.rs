//! The metrics as text, in the format that Prometheus reads: OpenMetrics 1.0.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use spikard_wasm_runtime::{PoolStats, Recycled};

use super::histogram::Sum;
use super::{Figures, Part, RouteFigures};
use crate::http_app;

/// The content type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Figures {
    /// All figures of this moment.
    pub(crate) fn text(self: &Arc<Self>) -> String {
        let mut registry = Registry::with_prefix("spikard_wasm");
        registry.register_collector(Box::new(self.clone()));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &registry);
        text
    }

    /// The figures of each route that was asked for, one for each worker.
    fn routes(&self) -> impl Iterator<Item = (&str, Vec<&RouteFigures>)> {
        let names = self.app.routes().iter().map(|route| route.name());
        let rest = match self.app.routes() {
            [] => http_app::ROUTE,
            _ => "-",
        };
        let names = names.chain(std::iter::once(rest)).enumerate();
        names.filter_map(|(index, name)| {
            let of = self.workers.iter();
            let of = of.filter_map(|worker| worker.routes.get(index)?.get());
            let of: Vec<_> = of.map(AsRef::as_ref).collect();
            (!of.is_empty()).then_some((name, of))
        })
    }

    fn requests(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        for (name, workers) in self.routes() {
            let mut statuses = std::collections::BTreeMap::<u16, u64>::new();
            for (status, count) in workers.iter().flat_map(|route| route.statuses()) {
                *statuses.entry(status).or_default() += count;
            }
            for (status, count) in statuses {
                let status = match status {
                    0 => "other".to_owned(),
                    status => status.to_string(),
                };
                let labels = [("route", name), ("status", &status)];
                counter(encoder, &labels, count)?;
            }
        }
        Ok(())
    }

    fn durations(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        for (name, workers) in self.routes() {
            let mut sum = Sum::default();
            workers
                .iter()
                .for_each(|route| route.add_duration(&mut sum));
            histogram(encoder, &[("route", name)], &sum)?;
        }
        Ok(())
    }

    fn stages(&self, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
        for (name, workers) in self.routes() {
            for part in Part::all() {
                let mut sum = Sum::default();
                workers
                    .iter()
                    .for_each(|route| route.add_part(part, &mut sum));
                if sum.count() != 0 {
                    histogram(encoder, &[("route", name), ("stage", part.as_str())], &sum)?;
                }
            }
        }
        Ok(())
    }

    fn sum(&self, of: impl Fn(&PoolStats) -> u64) -> u64 {
        self.pools().map(of).sum()
    }
}

impl Collector for Figures {
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
            let states: [(_, Gauge); 3] = [
                ("idle", PoolStats::idle),
                ("leased", PoolStats::leased),
                ("prepared", PoolStats::prepared),
            ];
            for (state, of) in states {
                gauge(e, &[("state", state)], self.sum(of))?;
            }
            Ok(())
        })?;
        let help = "Instances that were made";
        family("instances_created", help, None, counts, &|e| {
            e.encode_counter::<NoLabelSet, _, u64>(&self.sum(PoolStats::created), None)
        })?;
        let help = "Instances that were not kept";
        family("instances_recycled", help, None, counts, &|e| {
            for why in Recycled::ALL {
                let count = self.sum(|pool| pool.recycled(why));
                counter(e, &[("reason", why.as_str())], count)?;
            }
            Ok(())
        })?;
        let help = "Linear memories of all instances";
        let bytes = Some(&Unit::Bytes);
        family("instance_memory", help, bytes, gauges, &|e| {
            e.encode_gauge(&self.sum(PoolStats::memory))
        })?;
        let help = "Requests that wait for an instance";
        family("queue_depth", help, None, gauges, &|e| {
            e.encode_gauge(&self.sum(PoolStats::waiting))
        })?;
        let help = "Requests and connections that were turned away";
        family("refusals", help, None, counts, &|e| {
            let refused = [
                ("queue", self.sum(PoolStats::queue_full)),
                ("queue_time", self.sum(PoolStats::queue_time)),
                ("requests", self.requests.refused()),
                ("connections", self.refused_connections.load(Relaxed)),
            ];
            for (reason, count) in refused {
                counter(e, &[("reason", reason)], count)?;
            }
            Ok(())
        })?;
        let help = "Connections that are open";
        family("connections", help, None, gauges, &|e| {
            e.encode_gauge(&(self.connections() as u64))
        })
    }
}

type Gauge = fn(&PoolStats) -> u64;
type Write<'a> = &'a dyn Fn(&mut MetricEncoder<'_>) -> fmt::Result;

fn counter(
    encoder: &mut MetricEncoder<'_>,
    labels: &impl EncodeLabelSet,
    count: u64,
) -> fmt::Result {
    let mut encoder = encoder.encode_family(labels)?;
    encoder.encode_counter::<NoLabelSet, _, u64>(&count, None)
}

fn gauge(encoder: &mut MetricEncoder<'_>, labels: &impl EncodeLabelSet, value: u64) -> fmt::Result {
    encoder.encode_family(labels)?.encode_gauge(&value)
}

fn histogram(
    encoder: &mut MetricEncoder<'_>,
    labels: &impl EncodeLabelSet,
    sum: &Sum,
) -> fmt::Result {
    let mut encoder = encoder.encode_family(labels)?;
    encoder.encode_histogram::<NoLabelSet>(sum.seconds(), sum.count(), &sum.buckets(), None)
}
