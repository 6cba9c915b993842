//! What takes time, stack and memory.

use std::hint::black_box;

use crate::memory::{self, PAGE};

/// Never returns, nor waits for anything.
pub(crate) fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// Calls itself until the stack is used up.
#[inline(never)]
pub(crate) fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX {
        return 0;
    }
    // Work after the call keeps the compiler from making a loop of it.
    recurse(depth + 1).wrapping_mul(3) ^ depth
}

/// Takes memory, and writes to all of it, until there is no more: the allocator
/// ends the instance then.
pub(crate) fn eat() -> ! {
    loop {
        std::mem::forget(black_box(vec![1_u8; 16 << 20]));
    }
}

/// As [`eat`], but goes on afterwards, with all that it took. Gives the bytes of its
/// memory.
pub(crate) fn hoard() -> usize {
    const STEP: usize = 64;
    while let Some(before) = memory::grow(STEP) {
        let (start, end) = (before * PAGE, (before + STEP) * PAGE);
        for at in (start..end).step_by(4096) {
            // SAFETY: the pages were added just now, and nothing else uses them.
            unsafe { (at as *mut u8).write_volatile(1) };
        }
    }
    memory::size()
}
