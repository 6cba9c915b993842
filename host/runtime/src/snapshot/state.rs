//! The state of an instance of the engine while it loads an app.

use std::time::{Duration, Instant};

use wasmtime::StoreLimits;

/// Maximum duration of loading an app.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

pub(super) struct State {
    pub(super) limits: StoreLimits,
    /// Duration of the pollable that the engine blocks on next, in nanoseconds.
    pub(super) wait: u64,
    /// Start of loading.
    pub(super) start: Instant,
}
