//! Limits on the growth of an instance's memories and tables.

use wasmtime::{Error, ResourceLimiter, Result};

use crate::limits::Limits;
use crate::stats::LiveInstance;

/// Limits and current sizes of one instance.
pub(crate) struct Limiter {
    memory: usize,
    table_elements: usize,
    alive: LiveInstance,
    /// Bytes that the current growth adds, to undo it if the allocation fails.
    growing: usize,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, alive: LiveInstance) -> Self {
        Self {
            memory: limits.memory,
            table_elements: limits.table_elements,
            alive,
            growing: 0,
        }
    }

    /// Returns the total size of the linear memories in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.alive.memory()
    }
}

/// All memories of an instance share one limit, because a component chooses how many it has.
/// `memory.grow` fails beyond it, as if the machine were out of memory.
impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        let total = self.alive.memory().saturating_add(more);
        if total > self.memory {
            self.growing = 0;
            return Ok(false);
        }
        self.growing = more;
        self.alive.set_memory(total);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        let less = std::mem::take(&mut self.growing);
        self.alive
            .set_memory(self.alive.memory().saturating_sub(less));
        Ok(())
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        Ok(desired <= self.table_elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn memories_share_a_limit() {
        let stats = Arc::default();
        let limits = Limits {
            memory: 100,
            table_elements: 5,
            ..Limits::default()
        };
        let mut limiter = Limiter::new(&limits, LiveInstance::new(&stats));
        let mut grow = |from, to| limiter.memory_growing(from, to, None).unwrap();
        assert!(grow(0, 60) && grow(0, 40));
        assert!(!grow(40, 41));
        assert_eq!(limiter.memory(), 100);
        // A failed growth that was denied before undoes nothing.
        limiter.memory_grow_failed(Error::msg("x")).unwrap();
        assert_eq!(limiter.memory(), 100);
        assert!(limiter.table_growing(0, 5, None).unwrap());
        assert!(!limiter.table_growing(5, 6, None).unwrap());
        drop(limiter);
        assert_eq!(stats.memory(), 0);
    }
}
