//! The linear memory of the instance, below the allocator. There is none if the linter compiles
//! this app for another target.

/// The size of a page in bytes.
pub(crate) const PAGE: usize = 65536;

/// Adds pages and returns the previous number; `None` if the host denies them.
pub(crate) fn grow(pages: usize) -> Option<usize> {
    #[cfg(target_arch = "wasm32")]
    let before = core::arch::wasm32::memory_grow::<0>(pages);
    #[cfg(not(target_arch = "wasm32"))]
    let before = usize::MAX - pages + pages;
    (before != usize::MAX).then_some(before)
}

/// Returns the size of the memory in bytes.
pub(crate) fn size() -> usize {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size::<0>() * PAGE;
    #[cfg(not(target_arch = "wasm32"))]
    PAGE
}
