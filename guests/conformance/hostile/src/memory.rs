//! The instance's linear memory, beneath the allocator. There is none where this app is
//! compiled for the linter.

/// The bytes of a page.
pub(crate) const PAGE: usize = 65536;

/// Adds pages, and gives the number there were before; nothing where they are refused.
pub(crate) fn grow(pages: usize) -> Option<usize> {
    #[cfg(target_arch = "wasm32")]
    let before = core::arch::wasm32::memory_grow::<0>(pages);
    #[cfg(not(target_arch = "wasm32"))]
    let before = usize::MAX - pages + pages;
    (before != usize::MAX).then_some(before)
}

/// How many bytes it has.
pub(crate) fn size() -> usize {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size::<0>() * PAGE;
    #[cfg(not(target_arch = "wasm32"))]
    PAGE
}
