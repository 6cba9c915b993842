//! The figures of one route in one worker.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use spikard_wasm_runtime::{Stage, Stages};

use super::histogram::{Histogram, Sum, add};

/// A part of a request's way: those of the instance, and what comes before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// From its complete head until an instance is asked for: routing, policies, the
    /// body and its checks.
    Receive,
    /// In the pool and the instance.
    Stage(Stage),
    /// From the reply to the response.
    Respond,
}

impl Part {
    /// Every part, in order.
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

/// Where the time of one request went, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    pub(crate) total: u64,
    parts: [u64; PARTS],
}

impl Taken {
    /// A request that took `total`, of which `respond` came after its reply; `stages`
    /// are those of its calls, if it had any.
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

    /// A request whose reply body was streamed: `receive` is known from its head, and
    /// the time in no stage of its guest was spent on sending the body.
    pub(crate) fn streamed(total: u64, receive: u64, stages: Option<&Stages>) -> Self {
        let mut taken = Self::new(total, 0, stages);
        let rest = taken.parts[Part::Receive.index()];
        let receive = receive.min(rest);
        taken.parts[Part::Receive.index()] = receive;
        taken.parts[Part::Respond.index()] = rest - receive;
        taken
    }

    pub(crate) fn part(&self, part: Part) -> u64 {
        self.parts[part.index()]
    }
}

/// How many statuses a route is counted by; what more there are is counted as 0.
const STATUSES: usize = 12;

/// The figures of one route in one worker.
#[derive(Debug, Default)]
pub(crate) struct RouteFigures {
    /// A status in the upper 16 bits, and how often it was sent.
    statuses: [AtomicU64; STATUSES],
    duration: Histogram,
    parts: [Histogram; PARTS],
}

const COUNT: u64 = (1 << 48) - 1;

impl RouteFigures {
    /// Counts a request.
    pub(crate) fn record(&self, status: u16, taken: &Taken) {
        self.count(status);
        self.duration.record(taken.total);
        // A stage that a request did not enter is no observation of it.
        for (histogram, nanos) in self.parts.iter().zip(taken.parts) {
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

    /// How often each status was sent; 0 stands for all that are too many.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = (u16, u64)> {
        let slots = self.statuses.iter().map(|slot| slot.load(Relaxed));
        let counted = slots.filter(|slot| slot & COUNT != 0);
        counted.map(|slot| ((slot >> 48) as u16, slot & COUNT))
    }

    /// Adds how long its requests took to a sum.
    pub(crate) fn add_duration(&self, sum: &mut Sum) {
        self.duration.add_to(sum);
    }

    /// The same for a part of their way.
    pub(crate) fn add_part(&self, part: Part, sum: &mut Sum) {
        self.parts[part.index()].add_to(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_stage_is_receiving() {
        let taken = Taken::new(100, 7, Some(&Stages::default()));
        assert_eq!(taken.part(Part::Receive), 93);
        assert_eq!(taken.part(Part::Respond), 7);
        let parts: u64 = Part::all().map(|part| taken.part(part)).sum();
        assert_eq!(parts, taken.total);
    }

    #[test]
    fn statuses_are_counted_and_bounded() {
        let route = RouteFigures::default();
        for status in (200..300).chain([200, 200]) {
            route.record(status, &Taken::default());
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
