//! What the load process is told and what it answers.

use serde::{Deserialize, Serialize};

use crate::defs::{Arrivals, Knee, Workload};

/// All that a load process has to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The server's port on this machine.
    pub port: u16,
    /// The server's process, whose tree's time on cores is read.
    pub pid: u32,
    /// The cores that the load may use.
    pub cores: String,
    /// What is sent: workloads, each with its share.
    pub workloads: Vec<(Workload, u32)>,
    /// The seed of the random values.
    pub seed: u64,
    /// How many different requests of each workload are prepared.
    pub variants: usize,
    /// Seconds after which a request counts as not answered.
    pub timeout: f64,
    /// One after the other.
    pub phases: Vec<Phase>,
    /// Ends the plan after the first phase that does not hold it.
    pub knee: Option<Knee>,
}

/// A time with its own connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Phase {
    /// Connections that are kept open.
    pub connections: usize,
    /// How requests are paced.
    pub pace: Pace,
    /// Stretches without a gap between them.
    pub segments: Vec<Segment>,
}

/// How requests are paced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// The next one when the last is answered.
    Closed,
    /// At their times.
    Open(Arrivals),
}

/// A stretch of a phase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segment {
    /// What its figures are called; none for a warm-up, which is not measured.
    pub point: Option<String>,
    /// Its length.
    pub seconds: f64,
    /// Requests per second, where the pace is open.
    pub rate: f64,
}

/// What the load process prints.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A stretch that is measured begins.
    Begin(String),
    /// It has ended; replies may still be awaited.
    End(String),
    /// Its figures.
    Measured(Box<Measured>),
}

/// The figures of one stretch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Measured {
    /// What it is called.
    pub point: String,
    /// Its length, as it was.
    pub seconds: f64,
    /// Requests per second that were asked for, where the pace is open.
    pub asked_rate: Option<f64>,
    /// Right replies.
    pub requests: u64,
    /// Requests without a reply, or with a wrong status.
    pub errors: u64,
    /// Replies with the right status and a wrong body.
    pub wrong: u64,
    /// Requests whose reply had not come when waiting for it was given up.
    pub unfinished: u64,
    /// What was wrong, the first few.
    pub samples: Vec<String>,
    /// Bytes of the bodies of replies.
    pub bytes: u64,
    /// Microseconds that the server's tasks were on a core.
    pub server_cpu_us: f64,
    /// Whether part of them was counted in ticks of 10 ms.
    pub server_cpu_coarse: bool,
    /// Replies that came while the load ran, for which the server's time was read.
    pub requests_of_cpu: u64,
    /// Microseconds that the load process was on a core.
    pub own_cpu_us: f64,
    /// Microseconds that the load process waited for its core, which others had.
    pub own_wait_us: f64,
    /// Where the pace is open: microseconds by which the load itself was late, 99th percentile.
    pub lag_p99_us: f64,
    /// The same, the largest.
    pub lag_max_us: f64,
    /// Latencies in nanoseconds: hdrhistogram V2, deflated, base64.
    pub histogram: String,
}

impl Measured {
    /// Right replies per second that came while the load ran. Those that came after its end
    /// are of requests that it sent, and of none that the server held.
    pub fn rate(&self) -> f64 {
        self.requests_of_cpu as f64 / self.seconds.max(1e-9)
    }
}
