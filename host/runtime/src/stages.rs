//! Stages of a request in an instance, and their durations.
//!
//! The host takes half a dozen timestamps per request. A read of the processor's clock takes
//! 9 ns; `Instant::now` takes 23 ns on the same machine.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Stage of a request, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Stage {
    /// The request waits for an instance.
    Queue,
    /// The host leases or creates an instance.
    Instance,
    /// The host lowers the parameters into the guest's memory.
    Enter,
    /// The guest runs.
    Guest,
    /// The guest calls the host.
    Imports,
    /// The guest was interrupted, and other requests of its worker run.
    Yield,
    /// The host lifts the results from the guest's memory.
    Leave,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 7] = [
        Self::Queue,
        Self::Instance,
        Self::Enter,
        Self::Guest,
        Self::Imports,
        Self::Yield,
        Self::Leave,
    ];

    /// Returns the name in metrics and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Instance => "instance",
            Self::Enter => "enter",
            Self::Guest => "guest",
            Self::Imports => "imports",
            Self::Yield => "yield",
            Self::Leave => "leave",
        }
    }
}

/// Timestamp of the processor's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

impl Stamp {
    /// Reads the clock.
    #[must_use]
    pub fn now() -> Self {
        Self(CLOCK.raw())
    }

    /// Returns the timestamp as a number, for atomics.
    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    pub(crate) fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// Returns the nanoseconds since an earlier timestamp; 0 if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        CLOCK.delta_as_nanos(earlier.0, self.0)
    }
}

/// Timestamp that its owner can replace through a shared reference.
#[derive(Debug)]
pub struct StampCell(AtomicU64);

impl StampCell {
    /// Holds the current time.
    #[must_use]
    pub fn now() -> Self {
        Self(AtomicU64::new(Stamp::now().0))
    }

    /// Replaces the timestamp with the current time.
    pub fn restart(&self) {
        self.0.store(Stamp::now().0, Relaxed);
    }

    /// Returns the time since the timestamp.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let earlier = Stamp(self.0.load(Relaxed));
        Duration::from_nanos(Stamp::now().since(earlier))
    }
}

/// Total time of a request in each stage. Only one thread writes it, so additions need no atomic
/// read-modify-write.
#[derive(Debug, Default)]
pub struct Stages {
    nanos: [AtomicU64; Stage::ALL.len()],
    /// Timestamp of the last entry into the guest.
    entered: AtomicU64,
}

impl Stages {
    /// Returns the time spent in a stage.
    #[must_use]
    pub fn get(&self, stage: Stage) -> Duration {
        Duration::from_nanos(self.nanos(stage))
    }

    /// Returns the time spent in a stage in nanoseconds.
    #[must_use]
    pub fn nanos(&self, stage: Stage) -> u64 {
        self.nanos[stage as usize].load(Relaxed)
    }

    pub(crate) fn add(&self, stage: Stage, nanos: u64) {
        let total = &self.nanos[stage as usize];
        total.store(total.load(Relaxed).saturating_add(nanos), Relaxed);
    }

    pub(crate) fn enter(&self, at: Stamp) {
        self.entered.store(at.0, Relaxed);
    }

    pub(crate) fn entered(&self) -> Stamp {
        Stamp(self.entered.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_adds_up() {
        let stages = Stages::default();
        stages.add(Stage::Guest, 3);
        stages.add(Stage::Guest, 4);
        assert_eq!(stages.get(Stage::Guest), Duration::from_nanos(7));
        assert_eq!(stages.get(Stage::Leave), Duration::ZERO);
    }

    #[test]
    fn the_clock_agrees_with_instant() {
        let (start, instant) = (Stamp::now(), std::time::Instant::now());
        std::thread::sleep(Duration::from_millis(20));
        let (nanos, elapsed) = (Stamp::now().since(start), instant.elapsed());
        let ratio = nanos as f64 / elapsed.as_nanos() as f64;
        assert!((0.9..1.1).contains(&ratio), "{nanos} {elapsed:?}");
        // A clock that goes backwards, for example between cores, yields 0.
        assert_eq!(start.since(Stamp::now()), 0);
    }
}
