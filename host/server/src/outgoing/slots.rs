//! Slots for the requests in flight of an app. A request beyond their number waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use spikard_wasm_runtime::OutboundError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::{Instant, timeout_at};

use super::figures::{OutgoingFigures, UnderWay};

/// Maximum requests of an app that wait for a slot, over all workers.
const MAX_WAITING: usize = 10_000;

/// The slots of an app, over all workers.
#[derive(Debug)]
pub(super) struct Slots {
    free: Arc<Semaphore>,
    max: u32,
    waiting: AtomicUsize,
    figures: Arc<OutgoingFigures>,
}

/// The slot of a request, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    _under_way: UnderWay,
}

impl Slots {
    pub(super) fn new(max: u32, figures: &Arc<OutgoingFigures>) -> Self {
        Self {
            free: Arc::new(Semaphore::new(max as usize)),
            max,
            waiting: AtomicUsize::new(0),
            figures: figures.clone(),
        }
    }

    /// Takes a slot. Requests that wait get theirs in order.
    ///
    /// # Errors
    /// No slot became free before the deadline, or too many requests wait already.
    pub(super) async fn take(&self, deadline: Instant) -> Result<Slot, OutboundError> {
        match self.take_now() {
            Err(TryAcquireError::NoPermits) => {
                let permit = self.wait(deadline).await;
                permit.map(|permit| self.slot(permit))
            }
            now => now.ok(),
        }
        .ok_or_else(|| self.too_many())
    }

    /// Takes a slot that is free now.
    ///
    /// # Errors
    /// No slot is free.
    pub(super) fn try_take(&self) -> Result<Slot, OutboundError> {
        self.take_now().map_err(|_| self.too_many())
    }

    fn take_now(&self) -> Result<Slot, TryAcquireError> {
        let permit = self.free.clone().try_acquire_owned()?;
        Ok(self.slot(permit))
    }

    fn slot(&self, permit: OwnedSemaphorePermit) -> Slot {
        Slot {
            _permit: permit,
            _under_way: UnderWay::begin(&self.figures),
        }
    }

    fn too_many(&self) -> OutboundError {
        self.figures.denied();
        OutboundError::TooMany(self.max)
    }

    async fn wait(&self, deadline: Instant) -> Option<OwnedSemaphorePermit> {
        let waiting = Waiting(&self.waiting);
        if waiting.0.fetch_add(1, Relaxed) >= MAX_WAITING {
            return None;
        }
        let acquire = self.free.clone().acquire_owned();
        timeout_at(deadline, acquire).await.ok()?.ok()
    }
}

/// Counts a request that waits until this is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
