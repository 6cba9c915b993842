//! One line of the raw record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::defs::LoadKind;
use crate::load::{Histogram, Measured, decode, new_histogram};

/// The schema version of the record; other versions are rejected.
pub const SCHEMA: u32 = 1;

/// The result of one load on one server in one round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// The schema version of the record.
    pub schema: u32,
    /// The name of the target.
    pub target: String,
    /// True for the second measurement of the base, the A/A control.
    pub control: bool,
    /// The name of the workload.
    pub workload: String,
    /// The name of the load.
    pub load: String,
    /// The kind of the load.
    pub kind: LoadKind,
    /// The segment or step of the load; empty if the load has only one.
    pub point: String,
    /// The round, from 0.
    pub round: u32,
    /// Seconds since the start of the run.
    pub at: f64,
    /// The status, which determines the usable figures.
    pub status: Status,
    /// Reasons why the row, or some of its figures, do not count.
    pub why: Vec<String>,
    /// Milliseconds from the start of the process to the first 2xx.
    pub startup_ms: f64,
    /// Number of cores for the server.
    pub server_cores: usize,
    /// Number of cores for the load.
    pub load_cores: usize,
    /// Number of connections.
    pub connections: usize,
    /// The figures of the load process.
    pub measured: Measured,
    /// Memory at the end of the load.
    pub memory: Memory,
    /// Samples of the server, ten per second.
    pub series: Vec<Sample>,
    /// Microseconds per request by stage, if the target reports stages.
    pub stages: BTreeMap<String, f64>,
}

/// The status of a row, which determines its usable figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All figures.
    Valid,
    /// All figures, but the server did not sustain the rate: latencies are those of an overloaded
    /// server.
    Overloaded,
    /// Only CPU time per request: the load generator was the limit or late.
    GeneratorBound,
    /// None: a reply was wrong or missing.
    Void,
}

/// Memory of a server's process tree in bytes.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Resident set size at the end.
    pub rss: u64,
    /// Proportional set size at the end.
    pub pss: u64,
    /// Maximum resident set size of all samples.
    pub peak_rss: u64,
}

/// One sample during a load.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since the start of the segment.
    pub at: f64,
    /// CPU time since the last sample, in percent of one core.
    pub cpu: f64,
    /// Resident set size in bytes.
    pub rss: u64,
}

/// A load process with a busier core is at its limit.
const BUSY: f64 = 0.9;
/// A load whose 99th percentile of lateness exceeds this is late.
const LATE_US: f64 = 1000.0;
/// The minimum ratio of achieved to requested rate that counts as sustained.
const MIN_RATE_SHARE: f64 = 0.98;

impl Row {
    /// Sets the status by the rules of `docs/benchmarking/method.md`.
    pub fn judge(&mut self) {
        let m = &self.measured;
        if m.errors + m.wrong > 0 {
            self.why.push(format!(
                "{} of {} requests failed and {} replies were wrong",
                m.errors,
                m.requests + m.errors + m.wrong,
                m.wrong
            ));
            self.why.extend(m.samples.clone());
            self.status = Status::Void;
        }
        if self.status == Status::Void || self.kind == LoadKind::Cold {
            return;
        }
        if m.requests == 0 {
            self.status = Status::Void;
            self.why.push("the server sent no replies".to_owned());
            return;
        }
        let own = m.own_cpu_us / 1e6 / m.seconds / self.load_cores.max(1) as f64;
        let server = m.server_cpu_us / 1e6 / m.seconds / self.server_cores.max(1) as f64;
        let waited = m.own_wait_us / 1e6 / m.seconds;
        match m.asked_rate {
            None if own + waited > BUSY && server < BUSY => {
                self.status = Status::GeneratorBound;
                self.why.push(format!(
                    "the load generator was {:.0} % busy and waited for its core for {:.0} % of the time; the server was {:.0} % busy",
                    own * 100.0,
                    waited * 100.0,
                    server * 100.0
                ));
            }
            Some(_) if own > BUSY || m.lag_p99_us > LATE_US => {
                self.status = Status::GeneratorBound;
                self.why.push(format!(
                    "the load generator was late: 99th percentile {:.0} us, its core {:.0} % busy",
                    m.lag_p99_us,
                    own * 100.0
                ));
            }
            Some(asked) if m.unfinished > 0 || !self.sustained_rate() => {
                self.status = Status::Overloaded;
                self.why.push(format!(
                    "the server answered {:.0} of {asked:.0} requests per second in time",
                    self.measured.rate()
                ));
            }
            _ => {}
        }
        if m.server_cpu_coarse {
            self.why.push(
                "tasks of the server exited during the load: CPU time is counted in ticks of 10 ms"
                    .to_owned(),
            );
        }
    }

    /// Returns the correct replies per second.
    pub fn throughput(&self) -> f64 {
        self.measured.rate()
    }

    /// Returns true if the server answered the requested rate of an open load within the segment.
    pub fn sustained_rate(&self) -> bool {
        let asked = self.measured.asked_rate;
        // A request or two may be in flight at each end of a short segment.
        let few = 2.0 / self.measured.seconds.max(1e-9);
        asked.is_none_or(|asked| self.measured.rate() + few >= asked * MIN_RATE_SHARE)
    }

    /// Returns the server's CPU time per request in microseconds, if there were any requests.
    pub fn cpu_us(&self) -> Option<f64> {
        let m = &self.measured;
        (m.requests_of_cpu > 0 && m.server_cpu_us > 0.0)
            .then(|| m.server_cpu_us / m.requests_of_cpu as f64)
    }

    /// Returns the latencies; for a cold start, the times to the first 2xx.
    pub fn histogram(&self) -> Histogram {
        decode(&self.measured.histogram).unwrap_or_else(|_| new_histogram())
    }

    /// Returns the name that distinguishes the row from others of the same workload, load and
    /// point.
    pub fn lane(&self) -> String {
        if self.control {
            format!("{} (again)", self.target)
        } else {
            self.target.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{encode, new_histogram};

    fn open(requests: u64, in_time: u64) -> Row {
        let measured = serde_json::json!({
            "point": "", "seconds": 2.0, "asked_rate": 500.0, "requests": requests, "errors": 0, "wrong": 0,
            "unfinished": 0, "samples": [], "bytes": 0, "server_cpu_us": 1e6, "server_cpu_coarse": false,
            "requests_of_cpu": in_time, "own_cpu_us": 1e4, "own_wait_us": 0.0, "lag_p99_us": 50.0,
            "lag_max_us": 90.0, "histogram": encode(&new_histogram()).unwrap(),
        });
        let row = serde_json::json!({
            "schema": SCHEMA, "target": "t", "control": false, "workload": "w", "load": "open", "kind": "open",
            "point": "", "round": 0, "at": 0.0, "status": "valid", "why": [], "startup_ms": 1.0, "server_cores": 1,
            "load_cores": 1, "connections": 64, "measured": measured,
            "memory": { "rss": 1, "pss": 1, "peak_rss": 1 }, "series": [], "stages": {},
        });
        let mut row: Row = serde_json::from_value(row).unwrap();
        row.judge();
        row
    }

    #[test]
    fn replies_after_the_end_do_not_count_for_the_rate() {
        assert_eq!(open(1000, 999).status, Status::Valid);
        // The server answered all requests, half of them after the end of the load.
        let late = open(1000, 500);
        assert_eq!(late.status, Status::Overloaded);
        assert!(late.why[0].contains("250 of 500"), "{:?}", late.why);
    }
}
