//! Sizes of a loaded component.

use crate::component::Loaded;

/// Sizes of a component. A size is `None` if the engine cannot determine it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Size of the component in bytes.
    pub component: u64,
    /// Size of the native code and data in bytes.
    pub compiled: u64,
    /// Linear memories per instance.
    pub memories: Option<u32>,
    /// Initial size of the largest memory in bytes.
    pub initial_memory: Option<u64>,
    /// Tables per instance.
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
