//! The plan that the load process reads, and the events that it prints.

use serde::{Deserialize, Serialize};

use crate::defs::{Arrivals, Knee, Workload};

/// The input of a load process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The server's port on this machine.
    pub port: u16,
    /// The server's process ID; its whole process tree counts for CPU time.
    pub pid: u32,
    /// The cores for the load.
    pub cores: String,
    /// The workloads to send, with their weights.
    pub workloads: Vec<(Workload, u32)>,
    /// The seed of the random values.
    pub seed: u64,
    /// Number of distinct requests to prepare per workload.
    pub variants: usize,
    /// Timeout of a request in seconds.
    pub timeout: f64,
    /// The phases, in order.
    pub phases: Vec<Phase>,
    /// Ends the plan after the first phase that exceeds these bounds.
    pub knee: Option<Knee>,
}

/// A period with a fixed set of connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Phase {
    /// Number of open connections.
    pub connections: usize,
    /// The pacing of requests.
    pub pace: Pace,
    /// The segments, which follow each other without a gap.
    pub segments: Vec<Segment>,
}

/// The pacing of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// Closed loop: the next request follows the reply.
    Closed,
    /// Open loop: requests are due at fixed times.
    Open(Arrivals),
}

/// A part of a phase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segment {
    /// The name of its figures; `None` for a warm-up, which is not measured.
    pub point: Option<String>,
    /// Length in seconds.
    pub seconds: f64,
    /// Requests per second in an open loop.
    pub rate: f64,
}

/// An event that the load process prints.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A measured segment begins.
    Begin(String),
    /// The segment has ended; replies may still be outstanding.
    End(String),
    /// The figures of the segment.
    Measured(Box<Measured>),
}

/// The figures of one segment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Measured {
    /// The name of the segment.
    pub point: String,
    /// The actual length in seconds.
    pub seconds: f64,
    /// Requested rate per second in an open loop.
    pub asked_rate: Option<f64>,
    /// Number of correct replies.
    pub requests: u64,
    /// Requests without a reply or with a wrong status.
    pub errors: u64,
    /// Replies with a correct status and a wrong body.
    pub wrong: u64,
    /// Requests without a reply when the wait for replies ended.
    pub unfinished: u64,
    /// The first few error messages.
    pub samples: Vec<String>,
    /// Total size of reply bodies in bytes.
    pub bytes: u64,
    /// CPU time of the server's tasks in microseconds.
    pub server_cpu_us: f64,
    /// True if part of the CPU time was counted in ticks of 10 ms.
    pub server_cpu_coarse: bool,
    /// Replies that arrived during the segment, to which the CPU time of the server belongs.
    pub requests_of_cpu: u64,
    /// CPU time of the load process in microseconds.
    pub own_cpu_us: f64,
    /// Time that the load process waited for its core, in microseconds.
    pub own_wait_us: f64,
    /// Open loop: 99th percentile of the generator's lateness, in microseconds.
    pub lag_p99_us: f64,
    /// Open loop: maximum of the generator's lateness, in microseconds.
    pub lag_max_us: f64,
    /// Latencies in nanoseconds: hdrhistogram V2, deflated, base64.
    pub histogram: String,
}

impl Measured {
    /// Returns the correct replies per second that arrived during the segment. Later replies
    /// answer requests that the load sent but do not show a rate that the server sustained.
    pub fn rate(&self) -> f64 {
        self.requests_of_cpu as f64 / self.seconds.max(1e-9)
    }
}
