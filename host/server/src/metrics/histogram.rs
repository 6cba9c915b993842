//! Histograms that one thread writes and any thread reads.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bound of the first bucket in nanoseconds. Each bound is four times the one before.
const FIRST: u64 = 1_000;

/// Number of buckets: bounds from 1 us to 67 s, and one bucket beyond.
const BUCKETS: usize = 15;

/// Histogram of durations.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

impl Histogram {
    /// Records a duration.
    pub(crate) fn record(&self, nanos: u64) {
        add(&self.buckets[bucket(nanos)], 1);
        add(&self.nanos, nanos);
    }

    /// Adds this histogram to a sum over workers.
    pub(crate) fn add_to(&self, sum: &mut Sum) {
        for (into, from) in sum.buckets.iter_mut().zip(&self.buckets) {
            *into += from.load(Relaxed);
        }
        sum.nanos += self.nanos.load(Relaxed);
    }
}

/// Returns the index of a duration's bucket: the first whose upper bound is not below it.
fn bucket(nanos: u64) -> usize {
    let micros = nanos.saturating_sub(1) / FIRST;
    let bits = u64::BITS - micros.leading_zeros();
    (bits.div_ceil(2) as usize).min(BUCKETS - 1)
}

/// Adds to a counter. Only one thread writes it, so no atomic read-modify-write is needed.
pub(crate) fn add(value: &AtomicU64, by: u64) {
    value.store(value.load(Relaxed).wrapping_add(by), Relaxed);
}

/// Sum of the histograms of all workers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sum {
    buckets: [u64; BUCKETS],
    nanos: u64,
}

impl Sum {
    /// Returns the number of durations.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Returns the sum of the durations in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.nanos as f64 / 1e9
    }

    /// Returns the upper bound of each bucket in seconds with the (non-cumulative) count of the
    /// bucket.
    pub(crate) fn buckets(&self) -> [(f64, u64); BUCKETS] {
        let mut bound = FIRST;
        let mut buckets = [(f64::INFINITY, 0); BUCKETS];
        for (index, (into, count)) in buckets.iter_mut().zip(self.buckets).enumerate() {
            into.1 = count;
            if index < BUCKETS - 1 {
                into.0 = bound as f64 / 1e9;
            }
            bound *= 4;
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_within_the_bounds_of_its_bucket() {
        let bounds = Sum::default().buckets();
        let mut nanos: Vec<u64> = (0..64).map(|bit| 1 << bit).collect();
        nanos.extend((0..40).map(|n| 1_000 * 4_u64.saturating_pow(n)));
        for nanos in nanos.iter().flat_map(|n| [n - 1, *n, n.saturating_add(1)]) {
            let at = bucket(nanos);
            let seconds = nanos as f64 / 1e9;
            assert!(seconds <= bounds[at].0 * (1.0 + 1e-12), "{nanos}");
            assert!(
                at == 0 || seconds > bounds[at - 1].0 * (1.0 - 1e-12),
                "{nanos}"
            );
        }
    }

    #[test]
    fn workers_add_up() {
        let (one, two) = (Histogram::default(), Histogram::default());
        one.record(500);
        two.record(1_500);
        two.record(u64::from(u32::MAX));
        let mut sum = Sum::default();
        one.add_to(&mut sum);
        two.add_to(&mut sum);
        assert_eq!(sum.count(), 3);
        assert_eq!(sum.buckets()[..2], [(1e-6, 1), (4e-6, 1)]);
        assert!((sum.seconds() - 4.294_969_295).abs() < 1e-9);
    }
}
