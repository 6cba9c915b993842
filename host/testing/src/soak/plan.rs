//! Parameters of a soak test.

use std::time::Duration;

use crate::command::Host;

/// Flags of each host. With them, hosts recycle instances and miss deadlines within minutes.
pub(super) const FLAGS: [&str; 14] = [
    "--workers",
    "1",
    "--max-instances",
    "8",
    "--timeout",
    "1s",
    "--max-requests",
    "100",
    "--instance-idle",
    "2s",
    "--prepared",
    "4",
    "--log-level",
    "error",
];

/// Number of clients of each host. Each has one connection at a time.
pub(super) const CLIENTS: u64 = 2;

/// The parameters of a soak test.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The binary under test.
    pub host: Host,
    /// Duration of the load.
    pub time: Duration,
    /// Seed of the random order of requests.
    pub seed: u64,
}
