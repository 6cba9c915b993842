//! A load: how requests are sent, and for how long.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// One way to load a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// What it is called on the command line and in reports.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// What it does.
    pub kind: LoadKind,
    /// Connections that are kept open; of an open load, the most requests at once.
    #[serde(default = "connections")]
    pub connections: usize,
    /// Seconds that count; of a ramp, of each step.
    #[serde(default = "seconds")]
    pub seconds: f64,
    /// Seconds before them that do not count.
    #[serde(default = "warmup")]
    pub warmup: f64,
    /// Requests per second: of an open load, of the start of a ramp, of a spike before and after.
    #[serde(default)]
    pub rate: Option<f64>,
    /// Of an open load: whether requests are due at even distances or at random ones.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// Of a ramp: what a step's rate is multiplied with, and when it ends.
    #[serde(default)]
    pub knee: Option<Knee>,
    /// Of a spike: requests per second during it.
    #[serde(default)]
    pub peak: Option<f64>,
    /// Of a sweep: what is varied.
    #[serde(default)]
    pub over: Option<Over>,
    /// Of a sweep: the values.
    #[serde(default)]
    pub values: Vec<usize>,
    /// Of a cold start: how many.
    #[serde(default = "starts")]
    pub starts: usize,
    /// Of a cold start: whether what former starts left may be used.
    #[serde(default)]
    pub cache: Cache,
}

/// What a load does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoadKind {
    /// Each connection sends its next request when it has the reply: the most that the server gives.
    Closed,
    /// Requests are due at fixed times, whatever the server does.
    Open,
    /// Open, faster step by step until the server does not keep up.
    Ramp,
    /// Open, with a peak in the middle.
    Spike,
    /// From the start of the process to the first 200.
    Cold,
    /// Closed, once for each value of what is varied.
    Sweep,
}

/// The times at which requests are due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrivals {
    /// At even distances.
    #[default]
    Even,
    /// As independent users would send them.
    Poisson,
}

/// How a ramp climbs and ends.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knee {
    /// What each step's rate is multiplied with.
    pub factor: f64,
    /// The most steps.
    pub steps: usize,
    /// Milliseconds that the 99th percentile may take.
    pub p99_ms: f64,
    /// The least share of the asked rate that must be reached.
    pub share: f64,
}

/// What a sweep varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// Connections of the load.
    Connections,
    /// Workers of the server, and cores with them.
    Workers,
    /// Routes that the server has beside those of the workloads.
    Routes,
    /// Apps in one process of the server.
    Apps,
}

impl Over {
    /// As in the definition.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Workers => "workers",
            Self::Routes => "routes",
            Self::Apps => "apps",
        }
    }

    /// What is counted, as points of a sweep are called: `16 connections`.
    pub fn unit(self) -> &'static str {
        match self {
            // Those of the workloads are always there.
            Self::Routes => "more routes",
            other => other.name(),
        }
    }
}

/// Whether a start may use what former ones left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cache {
    /// It may, as after a restart.
    #[default]
    Warm,
    /// It may not, as after an installation.
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
    /// Whether its fields go together.
    pub(super) fn check(&self) -> Result<()> {
        let paced = matches!(self.kind, LoadKind::Open | LoadKind::Ramp | LoadKind::Spike);
        match self.rate {
            None if paced => bail!("its kind needs `rate`, requests per second"),
            Some(_) if !paced => {
                bail!("its kind has no `rate`: remove it, or make it `kind = \"open\"`")
            }
            Some(rate) if !(rate > 0.0 && rate <= 10_000_000.0) => {
                bail!("`rate` is `{rate}`: use a number above 0 and up to 10000000")
            }
            _ => {}
        }
        let needs = |there: bool, kind: LoadKind, field: &str| match (there, self.kind == kind) {
            (true, false) => bail!("`{field}` belongs to another kind of load: remove it"),
            (false, true) => bail!("its kind needs `{field}`"),
            _ => Ok(()),
        };
        needs(self.knee.is_some(), LoadKind::Ramp, "knee")?;
        needs(self.peak.is_some(), LoadKind::Spike, "peak")?;
        needs(self.over.is_some(), LoadKind::Sweep, "over")?;
        needs(!self.values.is_empty(), LoadKind::Sweep, "values")?;
        if self.connections == 0 || self.values.contains(&0) || self.starts == 0 {
            bail!("a number of connections, of starts or of `values` is 0: use 1 or more");
        }
        let second = |value: f64| value.is_finite() && (0.0..=86_400.0).contains(&value);
        if !second(self.seconds) || self.seconds <= 0.0 || !second(self.warmup) {
            bail!("`seconds` or `warmup` is not between 0 and 86400");
        }
        if self
            .knee
            .is_some_and(|knee| knee.factor.is_nan() || knee.factor <= 1.0)
        {
            bail!("`factor` must be above 1, or the ramp would not climb");
        }
        Ok(())
    }
}
