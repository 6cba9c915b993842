//! Calls under a deadline.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use super::instances::Pool;
use crate::deadline::Deadline;
use crate::error::CallError;
use crate::stages::Stamp;
use crate::stats::RecycleReason;

impl Pool {
    /// Runs `calls`. After `limit`, drops them with the instance that they hold.
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

    /// Same as [`Pool::within`], for calls that are already pinned: passing them by value would copy
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

    /// Runs `drop`, which drops calls that exceeded their deadline. Meanwhile the metrics count
    /// dropped instances as lost to the deadline, not to a cancelled request.
    pub(crate) fn drop_late(&self, drop: impl FnOnce()) {
        self.dropped_for.set(RecycleReason::Deadline);
        drop();
        self.dropped_for.set(RecycleReason::Cancelled);
    }
}
