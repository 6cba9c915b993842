//! Judges differences by the median of the ratios within rounds, a bootstrap interval over rounds,
//! and a rule for claims.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// The minimum number of rounds for a claim: with four rounds, all ratios fall on the same side by
/// chance once in eight times.
pub const MIN_ROUNDS: usize = 5;
const RESAMPLES: usize = 4000;

/// Returns the median; for an even number of values, the mean of the middle two.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// Returns the interval that contains 95 % of the medians of resampled rounds.
pub fn bootstrap(values: &[f64], seed: u64) -> Option<(f64, f64)> {
    median(values)?;
    let mut rng = Rng::with_seed(seed);
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let sample: Vec<f64> = values
                .iter()
                .map(|_| values[rng.usize(0..values.len())])
                .collect();
            median(&sample)
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    let at = |share: f64| {
        medians
            .get(((medians.len() - 1) as f64 * share).round() as usize)
            .copied()
    };
    Some((at(0.025)?, at(0.975)?))
}

/// Returns the interval of the ratio `after / before` of two medians, for rounds that were not
/// measured together.
pub fn bootstrap_ratio(before: &[f64], after: &[f64], seed: u64) -> Option<(f64, f64)> {
    let mut rng = Rng::with_seed(seed);
    let mut one = |values: &[f64]| {
        let sample: Vec<f64> = values
            .iter()
            .map(|_| values[rng.usize(0..values.len())])
            .collect();
        median(&sample)
    };
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| Some(one(after)? / one(before)?))
        .filter(|ratio| ratio.is_finite())
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let last = ratios.len().checked_sub(1)?;
        ratios.get((last as f64 * share).round() as usize).copied()
    };
    Some((at(0.025)?, at(0.975)?))
}

/// A comparison of two sides over rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median of the ratios within rounds.
    pub ratio: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// The number of rounds that both sides have.
    pub rounds: usize,
    /// The smallest relative change that could have been claimed.
    pub resolution: f64,
    /// The verdict.
    pub verdict: Verdict,
}

/// The verdict on a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The sides differ.
    Different,
    /// No difference was detected.
    Undetectable,
    /// There are too few rounds for a claim.
    TooFewRounds,
}

impl Estimate {
    /// Judges ratios against those of the control, the same server measured twice in the same
    /// rounds.
    ///
    /// A difference is claimed only if the interval excludes 1, and the ratio is further from 1
    /// than the floor and than the interval of the control.
    pub fn judge(ratios: &[f64], control: &[f64], floor: f64, seed: u64) -> Option<Self> {
        let ratio = median(ratios)?;
        let (low, high) = bootstrap(ratios, seed)?;
        let reach =
            bootstrap(control, seed).map_or(0.0, |(low, high)| distance(low).max(distance(high)));
        let threshold = floor.max(reach);
        // An interval of this width excludes 1 only if the ratio is half of it away from 1.
        let own = (high.ln() - low.ln()).abs() / 2.0;
        let excludes = low > 1.0 || high < 1.0;
        let verdict = match (
            excludes && distance(ratio) > threshold,
            ratios.len() < MIN_ROUNDS,
        ) {
            (_, true) => Verdict::TooFewRounds,
            (true, _) => Verdict::Different,
            (false, _) => Verdict::Undetectable,
        };
        Some(Self {
            ratio,
            low,
            high,
            rounds: ratios.len(),
            resolution: threshold.max(own.exp_m1()),
            verdict,
        })
    }

    /// Returns the verdict in words, for a table.
    pub fn words(&self) -> String {
        let resolution = self.resolution * 100.0;
        match self.verdict {
            Verdict::Different => "different".to_owned(),
            Verdict::Undetectable => format!("no detectable change (resolution {resolution:.1} %)"),
            Verdict::TooFewRounds => format!("{} rounds, too few to claim", self.rounds),
        }
    }
}

/// Returns the distance of a ratio from 1; it is the same for one half and for two.
fn distance(ratio: f64) -> f64 {
    ratio.ln().abs().exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simulates rounds of two servers on a noisy machine: each figure is a cost, times a drift
    /// that both servers share, times independent noise with occasional outliers.
    fn rounds(rng: &mut Rng, number: usize, slower: f64, noise: f64) -> (Vec<f64>, Vec<f64>) {
        let mut drift = 1.0;
        let one = |rng: &mut Rng, cost: f64, drift: f64| {
            let normal: f64 = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
            let disturbed = if rng.f64() < 0.1 {
                1.0 + rng.f64() * 0.3
            } else {
                1.0
            };
            cost * drift * disturbed * (noise * normal).exp()
        };
        let (mut ratios, mut control) = (Vec::new(), Vec::new());
        for _ in 0..number {
            drift *= 1.0 + (rng.f64() - 0.5) * 0.06;
            let base = one(rng, 1.0, drift);
            ratios.push(one(rng, slower, drift) / base);
            control.push(one(rng, 1.0, drift) / base);
        }
        (ratios, control)
    }

    fn claimed(slower: f64, number: usize) -> usize {
        (0..20)
            .filter(|seed| {
                let (ratios, control) = rounds(&mut Rng::with_seed(*seed), number, slower, 0.02);
                let estimate = Estimate::judge(&ratios, &control, 0.02, 7).unwrap();
                estimate.verdict == Verdict::Different
            })
            .count()
    }

    #[test]
    fn identical_servers_are_undetectable_in_19_of_20_simulations() {
        for number in [6, 10, 14] {
            assert!(
                claimed(1.0, number) <= 1,
                "{} of 20 with {number} rounds",
                claimed(1.0, number)
            );
        }
    }

    #[test]
    fn a_difference_of_a_fifth_is_detected_in_19_of_20_simulations() {
        for number in [10, 14] {
            assert!(
                claimed(1.2, number) >= 19,
                "{} of 20 with {number} rounds",
                claimed(1.2, number)
            );
        }
    }

    #[test]
    fn few_rounds_claim_nothing() {
        let estimate = Estimate::judge(&[2.0, 2.1, 2.2], &[1.0, 1.0, 1.0], 0.02, 1).unwrap();
        assert_eq!(estimate.verdict, Verdict::TooFewRounds);
        assert_eq!(estimate.ratio, 2.1);
    }

    #[test]
    fn a_wide_control_forbids_a_claim() {
        let ratios = [1.05, 1.06, 1.04, 1.05, 1.06, 1.05];
        let calm = Estimate::judge(&ratios, &[1.0, 1.01, 0.99, 1.0, 1.0, 1.01], 0.02, 1).unwrap();
        assert_eq!(calm.verdict, Verdict::Different);
        let wild = Estimate::judge(&ratios, &[0.9, 1.1, 0.9, 1.12, 0.88, 1.1], 0.02, 1).unwrap();
        assert_eq!(wild.verdict, Verdict::Undetectable);
        assert!(
            wild.words()
                .starts_with("no detectable change (resolution 1"),
            "{}",
            wild.words()
        );
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
