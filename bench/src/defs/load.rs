//! A load: how to send requests, and for how long.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// A named way to load a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// The name on the command line and in reports.
    pub name: String,
    /// A one-sentence description.
    pub description: String,
    /// The kind of load.
    pub kind: LoadKind,
    /// Open connections. An open load has at most this many requests in flight.
    #[serde(default = "connections")]
    pub connections: usize,
    /// Length of the measurement in seconds; for a ramp, of each step.
    #[serde(default = "seconds")]
    pub seconds: f64,
    /// Length of the warm-up in seconds.
    #[serde(default = "warmup")]
    pub warmup: f64,
    /// Requests per second. For a ramp, the initial rate; for a spike, the rate before and after
    /// it.
    #[serde(default)]
    pub rate: Option<f64>,
    /// Open loads: the distribution of arrivals.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// Ramps: how the rate grows and when the ramp ends.
    #[serde(default)]
    pub knee: Option<Knee>,
    /// Spikes: requests per second during the peak.
    #[serde(default)]
    pub peak: Option<f64>,
    /// Sweeps: the dimension to vary.
    #[serde(default)]
    pub over: Option<Over>,
    /// Sweeps: the values.
    #[serde(default)]
    pub values: Vec<usize>,
    /// Cold starts: the number of starts.
    #[serde(default = "starts")]
    pub starts: usize,
    /// Cold starts: the state of the server's cache.
    #[serde(default)]
    pub cache: Cache,
}

/// The kind of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadKind {
    /// Closed loop: each connection sends its next request when it has the reply, so the load
    /// finds the maximum throughput.
    Closed,
    /// Open loop: requests are due at fixed times, independent of replies.
    Open,
    /// Open loop whose rate grows step by step until the server cannot keep up.
    Ramp,
    /// Open loop with a peak in the middle.
    Spike,
    /// Time from the start of the process to the first 200.
    Cold,
    /// Closed loop, repeated for each value of one dimension.
    Sweep,
}

/// The distribution of the times at which requests are due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// At equal intervals.
    #[default]
    Even,
    /// A Poisson process, like requests of independent users.
    Poisson,
}

/// How a ramp grows and ends.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knee {
    /// Factor between the rates of two steps.
    pub factor: f64,
    /// Maximum number of steps.
    pub steps: usize,
    /// Maximum 99th percentile of latency, in milliseconds.
    pub p99_ms: f64,
    /// Minimum ratio of the achieved rate to the requested rate.
    pub share: f64,
}

/// The dimension that a sweep varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// Connections of the load.
    Connections,
    /// Workers of the server, with one core each.
    Workers,
    /// Routes of the server in addition to those of the workloads.
    Routes,
    /// Apps in one server process.
    Apps,
}

impl Over {
    /// Returns the name in definitions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Workers => "workers",
            Self::Routes => "routes",
            Self::Apps => "apps",
        }
    }

    /// Returns the unit in the name of a sweep's point, as in `16 connections`.
    pub fn unit(self) -> &'static str {
        match self {
            // The routes of the workloads always exist.
            Self::Routes => "more routes",
            other => other.name(),
        }
    }
}

/// The state of a server's cache at a cold start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cache {
    /// Entries of earlier starts, as after a restart.
    #[default]
    Warm,
    /// Empty, as after an installation.
    None,
}

fn connections() -> usize {
    16
}

fn seconds() -> f64 {
    5.0
}

fn warmup() -> f64 {
    1.0
}

fn starts() -> usize {
    10
}

impl Load {
    /// Checks that the fields are consistent.
    pub(super) fn check(&self) -> Result<()> {
        let paced = matches!(self.kind, LoadKind::Open | LoadKind::Ramp | LoadKind::Spike);
        match self.rate {
            None if paced => bail!("this kind of load requires `rate` in requests per second"),
            Some(_) if !paced => {
                bail!("this kind of load has no `rate`: remove it, or use `kind = \"open\"`")
            }
            Some(rate) if !(rate > 0.0 && rate <= 10_000_000.0) => {
                bail!("`rate` `{rate}` is out of range: use a number above 0 and up to 10000000")
            }
            _ => {}
        }
        let needs = |there: bool, kind: LoadKind, field: &str| match (there, self.kind == kind) {
            (true, false) => bail!("`{field}` belongs to another kind of load: remove it"),
            (false, true) => bail!("this kind of load requires `{field}`"),
            _ => Ok(()),
        };
        needs(self.knee.is_some(), LoadKind::Ramp, "knee")?;
        needs(self.peak.is_some(), LoadKind::Spike, "peak")?;
        needs(self.over.is_some(), LoadKind::Sweep, "over")?;
        needs(!self.values.is_empty(), LoadKind::Sweep, "values")?;
        if self.connections == 0 || self.values.contains(&0) || self.starts == 0 {
            bail!("`connections`, `starts` or one of `values` is 0: use 1 or more");
        }
        let second = |value: f64| value.is_finite() && (0.0..=86_400.0).contains(&value);
        if !second(self.seconds) || self.seconds <= 0.0 || !second(self.warmup) {
            bail!("`seconds` or `warmup` is out of range: use a number between 0 and 86400");
        }
        if self
            .knee
            .is_some_and(|knee| knee.factor.is_nan() || knee.factor <= 1.0)
        {
            bail!("`factor` must be greater than 1 for the rate to grow");
        }
        Ok(())
    }
}
