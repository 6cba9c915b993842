//! Counters of an app's outgoing requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Counters of the outgoing requests of an app.
#[derive(Debug, Default)]
pub(crate) struct OutgoingFigures {
    under_way: AtomicU32,
    sent: AtomicU64,
    denied: AtomicU64,
    failed: AtomicU64,
}

impl OutgoingFigures {
    /// Returns the number of requests whose response has not ended.
    pub(crate) fn under_way(&self) -> u64 {
        u64::from(self.under_way.load(Relaxed))
    }

    /// Outcomes: the request was sent, was denied by the host, or was sent but got no response.
    pub(crate) const OUTCOMES: [&'static str; 3] = ["sent", "denied", "failed"];

    /// Returns the count of each of [`OutgoingFigures::OUTCOMES`].
    pub(crate) fn counts(&self) -> [u64; 3] {
        [&self.sent, &self.denied, &self.failed].map(|count| count.load(Relaxed))
    }

    pub(super) fn denied(&self) {
        self.denied.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }
}

/// A request in flight; it counts until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<OutgoingFigures>);

impl UnderWay {
    /// Counts a new request.
    pub(super) fn begin(figures: &Arc<OutgoingFigures>) -> Self {
        figures.under_way.fetch_add(1, Relaxed);
        figures.sent.fetch_add(1, Relaxed);
        Self(figures.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}
