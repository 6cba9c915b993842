//! Deadlines: the time limits of calls, of the pieces of a streamed body and of idle
//! instances.
//!
//! Every limit is a [`Deadline`]: a timer that is polled beside the work it limits. The
//! caller says how much of the limit has passed, so that one type serves a fixed end (time
//! since the start) and an idle limit (time since the last progress).

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use super::instances::Pool;
use crate::error::CallError;
use crate::stages::Stamp;
use crate::stats::Recycled;

/// A time limit. It makes its timer when it is first polled, and sets it again only when
/// it rings before the limit has passed.
#[derive(Default)]
pub(crate) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Ready once `passed` returns no less than `limit`.
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

impl Pool {
    /// Runs `calls` and drops them, with the instance they hold, when `limit` has passed.
    ///
    /// # Errors
    /// Those of the calls, and [`CallError::Deadline`].
    pub async fn within<T>(
        &self,
        limit: Duration,
        calls: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        self.within_pinned(limit, pin!(Some(calls))).await
    }

    /// Does the same with calls that are pinned already: passing them by value would copy
    /// all of their state for each request.
    pub(super) async fn within_pinned<T>(
        &self,
        limit: Duration,
        mut calls: Pin<&mut Option<impl Future<Output = Result<T, CallError>>>>,
    ) -> Result<T, CallError> {
        let start = Stamp::now();
        let mut deadline = Deadline::default();
        let result = poll_fn(|cx| {
            if let Some(calls) = calls.as_mut().as_pin_mut()
                && let Poll::Ready(result) = calls.poll(cx)
            {
                return Poll::Ready(Some(result));
            }
            let passed = || Duration::from_nanos(Stamp::now().since(start));
            deadline.poll(cx, limit, passed).map(|()| None)
        })
        .await;
        if let Some(result) = result {
            return result;
        }
        self.drop_late(|| calls.set(None));
        Err(CallError::Deadline(limit))
    }

    /// Runs `drop`, which drops calls that are past their deadline: the pool counts their
    /// instances as lost to a deadline, not to a cancelled request.
    pub(crate) fn drop_late(&self, drop: impl FnOnce()) {
        self.dropped_for.set(Recycled::Deadline);
        drop();
        self.dropped_for.set(Recycled::Cancelled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const LIMIT: Duration = Duration::from_millis(20);

    /// Returns how long a deadline took whose limit began `put_off` after the test.
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
