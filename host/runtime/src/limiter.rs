//! Keeps an instance within its limits while it grows.

use wasmtime::{Error, ResourceLimiter, Result};

use crate::limits::Limits;
use crate::stats::Alive;

/// The limits of one instance, and what it has taken of them.
pub(crate) struct Limiter {
    memory: usize,
    table_elements: usize,
    alive: Alive,
    /// What the memory that grows now adds, should it not work out.
    growing: usize,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, alive: Alive) -> Self {
        Self {
            memory: limits.memory,
            table_elements: limits.table_elements,
            alive,
            growing: 0,
        }
    }

    /// The bytes of all its linear memories.
    pub(crate) fn memory(&self) -> usize {
        self.alive.memory()
    }
}

/// An instance has as many memories as its component asks for, so they are limited
/// together. A guest that is denied more finds out as from a machine that has no more.
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
        let mut limiter = Limiter::new(&limits, Alive::new(&stats));
        let mut grow = |from, to| limiter.memory_growing(from, to, None).unwrap();
        assert!(grow(0, 60) && grow(0, 40));
        assert!(!grow(40, 41));
        assert_eq!(limiter.memory(), 100);
        // A failure that was no growth of ours takes nothing back.
        limiter.memory_grow_failed(Error::msg("x")).unwrap();
        assert_eq!(limiter.memory(), 100);
        assert!(limiter.table_growing(0, 5, None).unwrap());
        assert!(!limiter.table_growing(5, 6, None).unwrap());
        drop(limiter);
        assert_eq!(stats.memory(), 0);
    }
}
