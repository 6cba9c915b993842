//! Times subjects in interleaved rounds.

use std::time::Duration;
use wasmtime::Result;

/// A subject that can be timed.
pub(crate) trait Subject {
    /// Makes a number of calls and returns their CPU time.
    async fn batch(&mut self, calls: u32) -> Result<Duration>;
}

/// Returns the time of a batch of individually timed calls as the median times the number of
/// calls, which discards calls during which another program had the core.
pub(crate) fn typical(mut calls: Vec<Duration>) -> Duration {
    calls.sort_unstable();
    let median = calls.get(calls.len() / 2).copied().unwrap_or_default();
    median * u32::try_from(calls.len()).unwrap_or(u32::MAX)
}

/// Returns the microseconds per call of each subject in one round. Each subject is timed twice, in
/// one order and then in reverse (ABBA), so that drift affects all equally; the first subject
/// changes from round to round.
pub(crate) async fn round<S: Subject>(
    subjects: &mut [S],
    calls: u32,
    number: usize,
) -> Result<Vec<f64>> {
    let counts = vec![calls; subjects.len()];
    uneven(subjects, &counts, number).await
}

/// As above, with a separate number of calls for each subject, if subjects differ much.
pub(crate) async fn uneven<S: Subject>(
    subjects: &mut [S],
    calls: &[u32],
    number: usize,
) -> Result<Vec<f64>> {
    let count = subjects.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.rotate_left(number % count);
    let mut spent = vec![Duration::ZERO; count];
    for &index in order.iter().chain(order.iter().rev()) {
        spent[index] += subjects[index].batch(calls[index]).await?;
    }
    let per_call =
        |(spent, calls): (&Duration, &u32)| spent.as_secs_f64() * 1e6 / f64::from(2 * calls);
    Ok(spent.iter().zip(calls).map(per_call).collect())
}

/// Returns the number of calls that fill a batch.
pub(crate) async fn calibrate<S: Subject>(subject: &mut S, batch: Duration) -> Result<u32> {
    let mut calls = 1;
    while subject.batch(calls).await? < batch {
        calls *= 2;
    }
    Ok(calls)
}
