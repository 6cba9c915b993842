//! Attacks on time, stack and memory.

use std::hint::black_box;

use crate::memory::{self, PAGE};

/// Spins forever.
pub(crate) fn spin() -> ! {
    loop {
        black_box(());
    }
}

/// Recurses until the stack overflows.
#[inline(never)]
pub(crate) fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX {
        return 0;
    }
    // Work after the call prevents the compiler from turning it into a loop.
    recurse(depth + 1).wrapping_mul(3) ^ depth
}

/// Allocates memory and writes to all of it until allocation fails, which ends the instance.
pub(crate) fn eat() -> ! {
    loop {
        std::mem::forget(black_box(vec![1_u8; 16 << 20]));
    }
}

/// As [`eat`], but keeps the memory and continues. Returns the size of the memory in bytes.
pub(crate) fn hoard() -> usize {
    const STEP: usize = 64;
    while let Some(before) = memory::grow(STEP) {
        let (start, end) = (before * PAGE, (before + STEP) * PAGE);
        for at in (start..end).step_by(4096) {
            // SAFETY: the pages were just added, and nothing else uses them.
            unsafe { (at as *mut u8).write_volatile(1) };
        }
    }
    memory::size()
}
