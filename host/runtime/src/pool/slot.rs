//! Slots: permits to hold an instance of a pool.

use std::rc::Rc;

use super::instances::Pool;
use crate::error::CallError;
use crate::stages::Stages;

/// A permit to hold one instance, or to send one request to a shared instance. It is owned, so
/// that a request may outlive the future that started it, and returns to the pool when dropped.
pub(crate) struct Slot(Rc<Pool>);

impl Slot {
    pub(crate) fn pool(&self) -> &Rc<Pool> {
        &self.0
    }
}

impl Pool {
    /// Waits for a slot, in order of arrival.
    ///
    /// # Errors
    /// The queue is full, or the wait was longer than the queue's time limit.
    pub(crate) async fn slot(self: &Rc<Self>, stages: &Stages) -> Result<Slot, CallError> {
        let permit = match self.slots.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait(stages).await?,
        };
        // `Slot` returns it: a permit would borrow from the pool.
        permit.forget();
        Ok(Slot(self.clone()))
    }
}

impl Pool {
    /// Takes a slot if one is free.
    pub(super) fn try_slot(self: &Rc<Self>) -> Option<Slot> {
        let permit = self.slots.try_acquire().ok()?;
        permit.forget();
        Some(Slot(self.clone()))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.slots.add_permits(1);
    }
}
