//! Metrics of one route in one worker.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use spikard_wasm_runtime::{Stage, Stages};

use super::histogram::{Histogram, Sum, add};

/// Stage of a request: the stages of its calls, and the ones before and after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// From the complete head to the first call: routing, policies, and reading and validating
    /// the body.
    Receive,
    /// A stage in the pool or the instance.
    Stage(Stage),
    /// From the reply to the response.
    Respond,
}

impl Part {
    /// Iterates over all parts in order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let stages = Stage::ALL.into_iter().map(Self::Stage);
        std::iter::once(Self::Receive)
            .chain(stages)
            .chain(std::iter::once(Self::Respond))
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Stage(stage) => stage.as_str(),
            Self::Respond => "respond",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Receive => 0,
            Self::Stage(stage) => 1 + stage as usize,
            Self::Respond => PARTS - 1,
        }
    }
}

const PARTS: usize = Stage::ALL.len() + 2;

/// Durations of the stages of one request, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StageTimes {
    pub(crate) total: u64,
    parts: [u64; PARTS],
}

impl StageTimes {
    /// Creates the times of a request that took `total`, of which `respond` came after its
    /// reply. `stages` are the stages of its calls, if any.
    pub(crate) fn new(total: u64, respond: u64, stages: Option<&Stages>) -> Self {
        let mut parts = [0; PARTS];
        for stage in Stage::ALL {
            parts[Part::Stage(stage).index()] = stages.map_or(0, |stages| stages.nanos(stage));
        }
        parts[Part::Respond.index()] = respond;
        let known: u64 = parts.iter().sum();
        parts[Part::Receive.index()] = total.saturating_sub(known);
        Self { total, parts }
    }

    /// Creates the times of a request with a streamed reply. `receive` was measured when the
    /// head was sent; time outside all other stages was spent on sending the body.
    pub(crate) fn streamed(total: u64, receive: u64, stages: Option<&Stages>) -> Self {
        let mut times = Self::new(total, 0, stages);
        let rest = times.parts[Part::Receive.index()];
        let receive = receive.min(rest);
        times.parts[Part::Receive.index()] = receive;
        times.parts[Part::Respond.index()] = rest - receive;
        times
    }

    pub(crate) fn part(&self, part: Part) -> u64 {
        self.parts[part.index()]
    }
}

/// Number of status counters per route; the last counts all further statuses, as status 0.
const STATUSES: usize = 12;

/// Metrics of one route in one worker.
#[derive(Debug, Default)]
pub(crate) struct RouteFigures {
    /// A status in the upper 16 bits, and its count in the lower 48.
    statuses: [AtomicU64; STATUSES],
    duration: Histogram,
    parts: [Histogram; PARTS],
}

const COUNT: u64 = (1 << 48) - 1;

impl RouteFigures {
    /// Counts a request.
    pub(crate) fn record(&self, status: u16, times: &StageTimes) {
        self.count(status);
        self.duration.record(times.total);
        // A request that skips a stage is not counted in it.
        for (histogram, nanos) in self.parts.iter().zip(times.parts) {
            if nanos != 0 {
                histogram.record(nanos);
            }
        }
    }

    fn count(&self, status: u16) {
        let of = |slot: &AtomicU64| slot.load(Relaxed) >> 48;
        let free = |slot: &&AtomicU64| matches!(of(slot), 0) || of(slot) == u64::from(status);
        let (last, slots) = match self.statuses.split_last() {
            Some(split) => split,
            None => return,
        };
        match slots.iter().find(free) {
            Some(slot) if of(slot) == 0 => slot.store(u64::from(status) << 48 | 1, Relaxed),
            Some(slot) => add(slot, 1),
            None => add(last, 1),
        }
    }

    /// Iterates over the statuses with their counts; status 0 counts those beyond the limit.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = (u16, u64)> {
        let slots = self.statuses.iter().map(|slot| slot.load(Relaxed));
        let counted = slots.filter(|slot| slot & COUNT != 0);
        counted.map(|slot| ((slot >> 48) as u16, slot & COUNT))
    }

    /// Adds the durations of the requests to a sum.
    pub(crate) fn add_duration(&self, sum: &mut Sum) {
        self.duration.add_to(sum);
    }

    /// Adds the durations of one stage to a sum.
    pub(crate) fn add_part(&self, part: Part, sum: &mut Sum) {
        self.parts[part.index()].add_to(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_outside_all_stages_counts_as_receive() {
        let times = StageTimes::new(100, 7, Some(&Stages::default()));
        assert_eq!(times.part(Part::Receive), 93);
        assert_eq!(times.part(Part::Respond), 7);
        let parts: u64 = Part::all().map(|part| times.part(part)).sum();
        assert_eq!(parts, times.total);
    }

    #[test]
    fn statuses_are_counted_and_bounded() {
        let route = RouteFigures::default();
        for status in (200..300).chain([200, 200]) {
            route.record(status, &StageTimes::default());
        }
        let counted: Vec<_> = route.statuses().collect();
        assert_eq!(counted.len(), STATUSES);
        assert_eq!(counted[0], (200, 3));
        assert_eq!(counted[STATUSES - 1], (0, 100 - (STATUSES as u64 - 1)));
        let mut sum = Sum::default();
        route.add_duration(&mut sum);
        assert_eq!(sum.count(), 102);
    }
}
