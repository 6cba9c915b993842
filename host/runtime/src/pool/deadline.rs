//! Deadlines of calls.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use super::instances::Pool;
use crate::error::CallError;
use crate::stages::Stamp;
use crate::stats::Recycled;

impl Pool {
    /// Gives up calls that run past a deadline.
    ///
    /// # Errors
    /// Those of the calls, and [`CallError::Deadline`].
    pub async fn within<T>(
        &self,
        deadline: Duration,
        calls: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        self.within_pinned(deadline, pin!(Some(calls))).await
    }

    /// The same with calls that lie where they are: what is handed on by value is copied
    /// for each request, with all the room that it needs later.
    pub(super) async fn within_pinned<T>(
        &self,
        deadline: Duration,
        mut calls: Pin<&mut Option<impl Future<Output = Result<T, CallError>>>>,
    ) -> Result<T, CallError> {
        let start = Stamp::now();
        if let Some(mut calls) = calls.as_mut().as_pin_mut() {
            // Most calls end in the first poll, without a timer.
            let first = std::future::poll_fn(|cx| Poll::Ready(calls.as_mut().poll(cx))).await;
            if let Poll::Ready(result) = first {
                return result;
            }
            let left = deadline.saturating_sub(Duration::from_nanos(Stamp::now().since(start)));
            let until = tokio::time::Instant::now() + left;
            if let Ok(result) = tokio::time::timeout_at(until, calls).await {
                return result;
            }
        }
        // Their instance is dropped with them, and counted for what it was dropped for.
        self.dropped_for.set(Recycled::Deadline);
        calls.set(None);
        self.dropped_for.set(Recycled::Cancelled);
        Err(CallError::Deadline(deadline))
    }
}
