//! The right to have an instance, for a request that outlives the future that began it.

use std::rc::Rc;

use spikard_wasm_app::Isolation;

use super::instances::Pool;
use crate::error::CallError;
use crate::instance::Instance;
use crate::stages::Stages;

/// The right to have an instance of a pool, in the order of its queue.
pub(crate) struct Slot(Rc<Pool>);

impl Slot {
    pub(crate) fn pool(&self) -> &Pool {
        &self.0
    }
}

impl Pool {
    /// Waits for the right to have an instance.
    pub(crate) async fn slot(self: &Rc<Self>, stages: &Stages) -> Result<Slot, CallError> {
        let permit = match self.slots.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait(stages).await?,
        };
        // Given back by hand, as a permit borrows from the pool.
        permit.forget();
        Ok(Slot(self.clone()))
    }

    /// Takes an instance that is idle or prepared.
    pub(crate) fn take(&self, isolation: Isolation) -> Option<Instance> {
        self.shelf.take(isolation)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.slots.add_permits(1);
    }
}
