//! Deadlines: the time limits of calls, of the chunks of a streamed body and of idle instances.
//!
//! Every limit is a [`Deadline`]: a timer that is polled beside the work it limits. The caller
//! returns the elapsed time, so that one type implements both a fixed deadline (time since the
//! start) and an idle timeout (time since the last progress).

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

/// A time limit. The first poll creates the timer. If the timer fires before the limit has
/// elapsed, it is set again.
#[derive(Default)]
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Ready once the elapsed time, which `passed` returns, reaches `limit`.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        limit: Duration,
        passed: impl Fn() -> Duration,
    ) -> Poll<()> {
        loop {
            let left = limit.saturating_sub(passed());
            let timer = match &mut self.0 {
                None if left.is_zero() => return Poll::Ready(()),
                None => self.0.insert(Box::pin(tokio::time::sleep(left))),
                Some(timer) => timer,
            };
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.0 = None;
            // tokio's timers have a resolution of one millisecond.
            if limit.saturating_sub(passed()) < Duration::from_millis(1) {
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Instant;

    const LIMIT: Duration = Duration::from_millis(20);

    /// Returns the duration until a deadline fires that starts `put_off` after the test.
    async fn rings_after(put_off: Duration) -> Duration {
        let start = Instant::now();
        let mut deadline = Deadline::default();
        let mut since = start;
        poll_fn(|cx| {
            let ready = deadline.poll(cx, LIMIT, || since.elapsed());
            // Progress that happens after the timer was set.
            since = start + put_off;
            ready
        })
        .await;
        start.elapsed()
    }

    #[tokio::test]
    async fn a_deadline_rings_when_the_limit_has_passed() {
        let passed = rings_after(Duration::ZERO).await;
        assert!(passed >= LIMIT - Duration::from_millis(1), "{passed:?}");
    }

    #[tokio::test]
    async fn progress_puts_a_deadline_off() {
        let passed = rings_after(LIMIT / 2).await;
        assert!(
            passed >= LIMIT * 3 / 2 - Duration::from_millis(1),
            "{passed:?}"
        );
    }
}
