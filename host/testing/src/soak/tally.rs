//! Counts of client actions and unexpected results, by kind.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of unexpected results that the report lists for each kind.
const TOLD: u64 = 3;

/// Number of actions, and how many of them had an unexpected result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) asked: u64,
    pub(super) unexpected: u64,
}

/// The counts of one host.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    counts: BTreeMap<&'static str, Count>,
    told: Vec<String>,
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn expected(&self, kind: &'static str) {
        self.lock().counts.entry(kind).or_default().asked += 1;
    }

    pub(super) fn unexpected(&self, kind: &'static str, what: String) {
        let mut inner = self.lock();
        let count = inner.counts.entry(kind).or_default();
        count.asked += 1;
        count.unexpected += 1;
        let tell = count.unexpected <= TOLD;
        if tell {
            inner.told.push(format!("{kind}: {what}"));
        }
    }

    pub(super) fn counts(&self) -> BTreeMap<&'static str, Count> {
        self.lock().counts.clone()
    }

    /// Returns the number of unexpected results, followed by the first ones of each kind.
    pub(super) fn faults(&self) -> Vec<String> {
        let inner = self.lock();
        let unexpected: u64 = inner.counts.values().map(|count| count.unexpected).sum();
        if unexpected == 0 {
            return Vec::new();
        }
        let count = format!("{unexpected} answers were not as expected");
        std::iter::once(count).chain(inner.told.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unexpected_is_a_fault() {
        let tally = Tally::default();
        tally.expected("json");
        assert!(tally.faults().is_empty());
        for number in 0..10 {
            tally.unexpected("json", format!("answer {number}"));
        }
        let count = Count {
            asked: 11,
            unexpected: 10,
        };
        assert_eq!(tally.counts()["json"], count);
        let faults = tally.faults();
        assert_eq!(faults.len() as u64, 1 + TOLD);
        assert_eq!(faults[0], "10 answers were not as expected");
        assert_eq!(faults[1], "json: answer 0");
    }
}
