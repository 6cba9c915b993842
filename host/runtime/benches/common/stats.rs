//! Medians and percentiles.

/// The 10th, 50th and 90th percentile.
pub(crate) fn quantiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len() - 1;
    [10, 50, 90].map(|percent| sorted[(last * percent + 50) / 100])
}

/// Returns the median.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantiles(values)[1]
}

/// Returns the ratio of each value to the base's value of the same round.
pub(crate) fn ratios(values: &[f64], base: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(base)
        .map(|(value, base)| value / base)
        .collect()
}
