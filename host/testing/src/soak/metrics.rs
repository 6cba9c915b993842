//! Instance metrics of a host, read from `/metrics` in the Prometheus text format.

use std::collections::BTreeMap;

const NAME: &str = "spikard_wasm_instances";

/// The instance metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metrics {
    /// Instances by state: `idle`, `leased`, `prepared`. Empty if the metric is missing.
    pub(super) instances: BTreeMap<String, u64>,
    /// Number of created instances; `None` if the metric is missing.
    pub(super) created: Option<u64>,
    /// Number of dropped instances, by reason.
    pub(super) recycled: BTreeMap<String, u64>,
}

impl Metrics {
    pub(super) fn read(text: &str) -> Self {
        let mut metrics = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let Some(value) = value.parse::<f64>().ok().map(|value| value as u64) else {
                continue;
            };
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            match name.strip_prefix(NAME) {
                Some("") => {
                    add(&mut metrics.instances, label(labels, "state"), value);
                }
                Some("_created_total") => {
                    metrics.created = Some(metrics.created.unwrap_or(0) + value);
                }
                Some("_recycled_total") => {
                    add(&mut metrics.recycled, label(labels, "reason"), value);
                }
                _ => {}
            }
        }
        metrics
    }

    /// Returns the number of instances in a state.
    pub(super) fn state(&self, state: &str) -> u64 {
        self.instances.get(state).copied().unwrap_or(0)
    }
}

fn add(counts: &mut BTreeMap<String, u64>, label: Option<&str>, value: u64) {
    *counts.entry(label.unwrap_or("-").to_owned()).or_default() += value;
}

/// Returns the value of a label in `name="value",...}`. The value must not contain quotes.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = labels.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_says() {
        let text = "# HELP spikard_wasm_instances Instances by state.\n\
                    # TYPE spikard_wasm_instances gauge\n\
                    spikard_wasm_instances{state=\"idle\"} 2\n\
                    spikard_wasm_instances{worker=\"1\",state=\"idle\"} 1\n\
                    spikard_wasm_instances{state=\"leased\"} 0\n\
                    spikard_wasm_instances_created_total 17\n\
                    spikard_wasm_instances_recycled_total{reason=\"trap\"} 14\n\
                    spikard_wasm_instance_memory_bytes 1.5e6\n\
                    # EOF\n";
        let metrics = Metrics::read(text);
        assert_eq!((metrics.state("idle"), metrics.state("leased")), (3, 0));
        assert_eq!(metrics.state("prepared"), 0);
        assert_eq!((metrics.created, metrics.recycled["trap"]), (Some(17), 14));
        assert_eq!(Metrics::read("not found"), Metrics::default());
    }
}
