//! What a loaded component takes.

use crate::component::Loaded;

/// The sizes of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The component itself, in bytes.
    pub component: u64,
    /// Its machine code and data, in bytes.
    pub compiled: u64,
    /// How many linear memories an instance has; `None` when it cannot be told.
    pub memories: Option<u32>,
    /// The largest initial memory, in bytes.
    pub initial_memory: Option<u64>,
    /// How many tables an instance has.
    pub tables: Option<u32>,
}

impl Loaded {
    /// Reads the sizes.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        const PAGE: u64 = 64 << 10;
        let range = self.component().image_range();
        let resources = self.component().resources_required();
        Sizes {
            component: self.bytes(),
            compiled: (range.end as u64).saturating_sub(range.start as u64),
            memories: resources.as_ref().map(|r| r.num_memories),
            initial_memory: resources
                .as_ref()
                .and_then(|r| r.max_initial_memory_size)
                .map(|pages| pages.saturating_mul(PAGE)),
            tables: resources.as_ref().map(|r| r.num_tables),
        }
    }
}
