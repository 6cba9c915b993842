//! One line of the raw record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::defs::LoadKind;
use crate::load::{Histogram, Measured, decode, new_histogram};

/// The version of the record; another one is not read.
pub const SCHEMA: u32 = 1;

/// What came of one load on one server in one round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// The version of the record.
    pub schema: u32,
    /// Which target.
    pub target: String,
    /// Whether it is the second measurement of the base, the A/A control.
    pub control: bool,
    /// Which workload.
    pub workload: String,
    /// Which load.
    pub load: String,
    /// Its kind.
    pub kind: LoadKind,
    /// Which stretch or step of the load; empty where it has one.
    pub point: String,
    /// Counted from 0.
    pub round: u32,
    /// Seconds since the run began.
    pub at: f64,
    /// Whether it counts.
    pub status: Status,
    /// Why it does not, or not for everything.
    pub why: Vec<String>,
    /// Milliseconds from the start of the process to the first 2xx.
    pub startup_ms: f64,
    /// Cores of the server.
    pub server_cores: usize,
    /// Cores of the load.
    pub load_cores: usize,
    /// Connections.
    pub connections: usize,
    /// The figures of the load process.
    pub measured: Measured,
    /// Memory at the end.
    pub memory: Memory,
    /// Ten times a second: where the server stands.
    pub series: Vec<Sample>,
    /// Microseconds for each request by stage, where the target says.
    pub stages: BTreeMap<String, f64>,
}

/// Whether a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// For everything.
    Valid,
    /// The server did not hold the rate: latencies are those of an overloaded server.
    Overloaded,
    /// The load itself was the limit or late: no figure but the CPU for each request counts.
    GeneratorBound,
    /// A reply was wrong or missing: nothing counts.
    Void,
}

/// Bytes of memory of a server's process tree.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Memory {
    /// Resident, at the end.
    pub rss: u64,
    /// Proportional, at the end.
    pub pss: u64,
    /// Resident, the most that was seen.
    pub peak_rss: u64,
}

/// One reading while a load runs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since the stretch began.
    pub at: f64,
    /// Percent of one core since the last reading.
    pub cpu: f64,
    /// Bytes.
    pub rss: u64,
}

/// A load process whose core is busier than this is at its limit.
const BUSY: f64 = 0.9;
/// A load that is later than this in one of a hundred requests is not on time.
const LATE_US: f64 = 1000.0;
/// The least share of the asked rate that counts as holding it.
const HELD: f64 = 0.98;

impl Row {
    /// Gives the row its status, by the rules of the method page.
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
            self.why.push("there was no reply at all".to_owned());
            return;
        }
        let own = m.own_cpu_us / 1e6 / m.seconds / self.load_cores.max(1) as f64;
        let server = m.server_cpu_us / 1e6 / m.seconds / self.server_cores.max(1) as f64;
        let waited = m.own_wait_us / 1e6 / m.seconds;
        match m.asked_rate {
            None if own + waited > BUSY && server < BUSY => {
                self.status = Status::GeneratorBound;
                self.why.push(format!(
                    "the load kept its core busy to {:.0} % and waited for it {:.0} % of the time, the server its own to {:.0} %",
                    own * 100.0,
                    waited * 100.0,
                    server * 100.0
                ));
            }
            Some(_) if own > BUSY || m.lag_p99_us > LATE_US => {
                self.status = Status::GeneratorBound;
                self.why.push(format!(
                    "the load itself was late by {:.0} us in one of a hundred requests, its core busy to {:.0} %",
                    m.lag_p99_us,
                    own * 100.0
                ));
            }
            Some(asked) if m.unfinished > 0 || !self.held_rate() => {
                self.status = Status::Overloaded;
                self.why.push(format!(
                    "{:.0} of {asked:.0} requests per second were answered in time",
                    self.measured.rate()
                ));
            }
            _ => {}
        }
        if m.server_cpu_coarse {
            self.why.push(
                "tasks of the server ended meanwhile: its CPU is counted in ticks of 10 ms"
                    .to_owned(),
            );
        }
    }

    /// Right replies per second.
    pub fn throughput(&self) -> f64 {
        self.measured.rate()
    }

    /// Whether the rate was answered that an open load asked for, in the time in which it
    /// was asked.
    pub fn held_rate(&self) -> bool {
        let asked = self.measured.asked_rate;
        // What is under way at both ends of a short stretch is a request or two.
        let few = 2.0 / self.measured.seconds.max(1e-9);
        asked.is_none_or(|asked| self.measured.rate() + few >= asked * HELD)
    }

    /// Microseconds of the server's cores for each request, where there were any.
    pub fn cpu_us(&self) -> Option<f64> {
        let m = &self.measured;
        (m.requests_of_cpu > 0 && m.server_cpu_us > 0.0)
            .then(|| m.server_cpu_us / m.requests_of_cpu as f64)
    }

    /// The latencies; of a cold start, the times to the first 2xx.
    pub fn histogram(&self) -> Histogram {
        decode(&self.measured.histogram).unwrap_or_else(|_| new_histogram())
    }

    /// Who it is beside others of the same workload, load and point.
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
    fn a_server_that_answers_after_the_end_did_not_hold_the_rate() {
        assert_eq!(open(1000, 999).status, Status::Valid);
        // All were answered, half of them when the load was over.
        let late = open(1000, 500);
        assert_eq!(late.status, Status::Overloaded);
        assert!(late.why[0].contains("250 of 500"), "{:?}", late.why);
    }
}
