//! The time of requests by stage, from the server's own `/metrics`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::client;

const METRIC: &str = "spikard_wasm_request_stage_seconds";
const TOTAL: &str = "spikard_wasm_request_duration_seconds";

/// Total seconds by stage over all routes, and the number of requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Stages {
    sums: BTreeMap<String, f64>,
    requests: f64,
}

impl Stages {
    /// Queries a server; returns `None` if it does not report stages.
    pub(super) fn ask(port: u16, path: &str) -> Option<Self> {
        let text = client::get(port, path, Duration::from_secs(5)).ok()?;
        Some(Self::parse(std::str::from_utf8(&text).ok()?))
    }

    fn parse(text: &str) -> Self {
        let mut stages = Self::default();
        for line in text.lines() {
            let Some((name, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let Ok(value) = value.parse::<f64>() else {
                continue;
            };
            // Readiness checks and metrics requests are not part of the load.
            if name.contains("route=\"-\"") || name.contains("route=\"/health\"") {
                continue;
            }
            if name.starts_with(METRIC) && name[METRIC.len()..].starts_with("_sum") {
                if let Some((_, rest)) = name.split_once("stage=\"") {
                    let stage = rest.split('"').next().unwrap_or_default();
                    *stages.sums.entry(stage.to_owned()).or_default() += value;
                }
            } else if name.starts_with(TOTAL) && name[TOTAL.len()..].starts_with("_count") {
                stages.requests += value;
            }
        }
        stages
    }

    /// Returns the microseconds per request by stage between two readings.
    pub(super) fn since(&self, before: &Self) -> BTreeMap<String, f64> {
        let requests = self.requests - before.requests;
        if requests < 1.0 {
            return BTreeMap::new();
        }
        let each = |(name, sum): (&String, &f64)| {
            let micros = (sum - before.sums.get(name).unwrap_or(&0.0)) * 1e6 / requests;
            (name.clone(), micros)
        };
        self.sums.iter().map(each).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stages_over_routes() {
        let text = |count: u32| {
            format!(
                "{METRIC}_sum{{route=\"a\",stage=\"guest\"}} {}\n{METRIC}_sum{{route=\"b\",stage=\"guest\"}} 0.0\n\
                 {METRIC}_bucket{{route=\"a\",stage=\"guest\",le=\"1\"}} 5\n{TOTAL}_count{{route=\"a\"}} {count}\n",
                f64::from(count) * 3e-6
            )
        };
        let found = Stages::parse(&text(30)).since(&Stages::parse(&text(10)));
        assert_eq!(found.len(), 1);
        assert!((found["guest"] - 3.0).abs() < 1e-6, "{found:?}");
    }
}
