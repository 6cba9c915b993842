//! Judging differences: ratios within rounds, their median, a bootstrap interval over
//! rounds, and the rule by which a difference is claimed.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// With fewer rounds than this nothing is claimed: of four fair coins, all fall on one side
/// once in eight times.
pub const LEAST_ROUNDS: usize = 5;
const RESAMPLES: usize = 4000;

/// The middle one, or the mean of the two in the middle.
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

/// The interval in which 95 % of the medians of resampled rounds lie.
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

/// The interval of the ratio of two medians, `after` over `before`, of rounds that were not
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

/// What comes of comparing two sides over rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median of the rounds' ratios.
    pub ratio: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// Rounds that both sides have.
    pub rounds: usize,
    /// The smallest change that could have been claimed, as a share.
    pub resolution: f64,
    /// What may be said.
    pub verdict: Verdict,
}

/// What may be said of a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is a difference.
    Different,
    /// There is none that could be seen.
    Undetectable,
    /// There are too few rounds to say.
    TooFewRounds,
}

impl Estimate {
    /// Judges ratios beside those of the same server measured twice in the same rounds.
    ///
    /// A difference is claimed only where the interval excludes 1 and the ratio is further
    /// from 1 than the floor and than the A/A pair's interval reaches.
    pub fn judge(ratios: &[f64], control: &[f64], floor: f64, seed: u64) -> Option<Self> {
        let ratio = median(ratios)?;
        let (low, high) = bootstrap(ratios, seed)?;
        let reach =
            bootstrap(control, seed).map_or(0.0, |(low, high)| distance(low).max(distance(high)));
        let threshold = floor.max(reach);
        // Seen from 1, an interval reaches as far as its nearer end must still exclude it.
        let own = (high.ln() - low.ln()).abs() / 2.0;
        let excludes = low > 1.0 || high < 1.0;
        let verdict = match (
            excludes && distance(ratio) > threshold,
            ratios.len() < LEAST_ROUNDS,
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

    /// In words, for a table.
    pub fn words(&self) -> String {
        let resolution = self.resolution * 100.0;
        match self.verdict {
            Verdict::Different => "different".to_owned(),
            Verdict::Undetectable => format!("no detectable change (resolution {resolution:.1} %)"),
            Verdict::TooFewRounds => format!("{} rounds, too few to claim", self.rounds),
        }
    }
}

/// How far a ratio is from 1, the same for a half and for twice.
fn distance(ratio: f64) -> f64 {
    ratio.ln().abs().exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds of two servers on a machine that drifts and is disturbed, as in `run`: cost
    /// times a drift that both see, times noise of their own, now and then a large one.
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
    fn an_identical_pair_is_called_identical_in_19_of_20_simulations() {
        for number in [6, 10, 14] {
            assert!(
                claimed(1.0, number) <= 1,
                "{} of 20 with {number} rounds",
                claimed(1.0, number)
            );
        }
    }

    #[test]
    fn a_fifth_is_found_in_19_of_20_simulations() {
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
