//! Counters of an app's outgoing requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// What the outgoing requests of an app are and were.
#[derive(Debug, Default)]
pub(crate) struct OutgoingFigures {
    under_way: AtomicU32,
    sent: AtomicU64,
    denied: AtomicU64,
    failed: AtomicU64,
}

impl OutgoingFigures {
    /// Requests that have not got the end of their response.
    pub(crate) fn under_way(&self) -> u64 {
        u64::from(self.under_way.load(Relaxed))
    }

    /// What can become of a request: it was sent, was refused here, or was sent and has no
    /// response.
    pub(crate) const OUTCOMES: [&'static str; 3] = ["sent", "denied", "failed"];

    /// How often each of [`OutgoingFigures::OUTCOMES`] happened.
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

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<OutgoingFigures>);

impl UnderWay {
    /// Begins one, where there may be more.
    pub(super) fn begin(figures: &Arc<OutgoingFigures>, most: u32) -> Option<Self> {
        let before = figures.under_way.fetch_add(1, Relaxed);
        let begun = Self(figures.clone());
        if before < most {
            figures.sent.fetch_add(1, Relaxed);
            return Some(begun);
        }
        figures.denied();
        None
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Relaxed);
    }
}
