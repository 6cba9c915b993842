//! Times subjects in interleaved rounds.

use std::time::Duration;
use wasmtime::Result;

/// Something that is timed against others.
pub(crate) trait Subject {
    /// Makes a number of calls and returns how long they kept the CPU.
    async fn batch(&mut self, calls: u32) -> Result<Duration>;
}

/// The time of a batch whose calls were timed one by one: as many as there were of the
/// median, so that no call counts during which another program had the core.
pub(crate) fn typical(mut calls: Vec<Duration>) -> Duration {
    calls.sort_unstable();
    let median = calls.get(calls.len() / 2).copied().unwrap_or_default();
    median * u32::try_from(calls.len()).unwrap_or(u32::MAX)
}

/// The microseconds per call of each subject in one round. Every subject is timed
/// twice, in one order and then in the reverse of it (ABBA), so that a drift of the
/// machine meets all alike; the one that begins changes from round to round.
pub(crate) async fn round<S: Subject>(
    subjects: &mut [S],
    calls: u32,
    number: usize,
) -> Result<Vec<f64>> {
    let counts = vec![calls; subjects.len()];
    uneven(subjects, &counts, number).await
}

/// The same where subjects differ so much that each makes its own number of calls.
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

/// How many calls fill a batch.
pub(crate) async fn calibrate<S: Subject>(subject: &mut S, batch: Duration) -> Result<u32> {
    let mut calls = 1;
    while subject.batch(calls).await? < batch {
        calls *= 2;
    }
    Ok(calls)
}
