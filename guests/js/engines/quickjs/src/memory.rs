//! The memory of the module: one allocator for Rust and C, and the buffer for the arguments of calls.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ffi::c_void;

unsafe extern "C" {
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// The alignment of every block that `malloc` returns.
const ALIGN: usize = 16;

struct Malloc;

// SAFETY: the functions of C follow the contract of `GlobalAlloc`.
unsafe impl GlobalAlloc for Malloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: `aligned_alloc` needs a size that is a multiple of the alignment.
        unsafe {
            if layout.align() <= ALIGN {
                malloc(layout.size()).cast()
            } else {
                aligned_alloc(layout.align(), layout.pad_to_align().size()).cast()
            }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: `block` is from `alloc`.
        unsafe { free(block.cast()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= ALIGN {
            // SAFETY: `block` is from `alloc`.
            return unsafe { realloc(block.cast(), size).cast() };
        }
        // SAFETY: the new layout has a valid alignment, and the blocks do not overlap.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                block.copy_to_nonoverlapping(new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[global_allocator]
static MALLOC: Malloc = Malloc;

/// A variable of a module that has one thread.
pub(crate) struct Global<T>(pub(crate) Cell<T>);

// SAFETY: the module has one thread.
unsafe impl<T> Sync for Global<T> {}

impl<T> Global<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Cell::new(value))
    }
}

const SIZE: usize = 16 * 1024;

#[repr(align(16))]
#[expect(dead_code, reason = "read through a pointer")]
struct Arguments([u8; SIZE]);

static mut ARGUMENTS: Arguments = Arguments([0; SIZE]);
static USED: Global<usize> = Global::new(0);
/// Whether an export is running. The host allocates the arguments of an export before it runs, and the results of
/// an import while it runs.
static RUNNING: Global<bool> = Global::new(false);

/// Runs an export.
pub(crate) fn run<T>(export: impl FnOnce() -> T) -> T {
    RUNNING.0.set(true);
    let result = export();
    RUNNING.0.set(false);
    USED.0.set(0);
    result
}

/// Frees the memory of an argument.
///
/// # Safety
/// The host has allocated `block` as an argument of the export that is running.
pub(crate) unsafe fn free_argument(block: *mut u8) {
    let start = &raw mut ARGUMENTS as usize;
    if !(start..start + SIZE).contains(&(block as usize)) && block as usize > ALIGN {
        // SAFETY: `cabi_realloc` got a block outside of the buffer from `malloc`.
        unsafe { free(block.cast()) }
    }
}

/// Frees the memory of a result of an import.
///
/// # Safety
/// The host has allocated `block` while an export was running.
pub(crate) unsafe fn free_result(block: *const u8, size: usize) {
    if size > 0 {
        // SAFETY: `cabi_realloc` got the block from `malloc`.
        unsafe { free(block.cast_mut().cast()) }
    }
}

/// Allocates memory for the host. A block is followed by a zero byte, because QuickJS reads JSON up to one.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    align: usize,
    size: usize,
) -> *mut u8 {
    if RUNNING.0.get() || old_size > 0 {
        // SAFETY: the host gives back what it got from here.
        let block: *mut u8 = unsafe {
            match (old_size, size) {
                (_, 0) => return align as *mut u8,
                (0, _) => malloc(size.wrapping_add(1)).cast(),
                _ => realloc(old.cast(), size.wrapping_add(1)).cast(),
            }
        };
        if block.is_null() || size == usize::MAX {
            core::arch::wasm32::unreachable();
        }
        // SAFETY: the block has room for the zero byte.
        unsafe { block.add(size).write(0) };
        return block;
    }
    let at = USED.0.get().next_multiple_of(align);
    match size.checked_add(1).and_then(|size| at.checked_add(size)) {
        Some(end) if end <= SIZE => {
            USED.0.set(end);
            // SAFETY: `at..end` is inside of the buffer, and only the argument uses it.
            unsafe {
                let block = (&raw mut ARGUMENTS).cast::<u8>().add(at);
                block.add(size).write(0);
                block
            }
        }
        // SAFETY: the block has room for the zero byte.
        _ => unsafe {
            let block: *mut u8 = malloc(size.wrapping_add(1)).cast();
            if block.is_null() || size == usize::MAX {
                core::arch::wasm32::unreachable();
            }
            block.add(size).write(0);
            block
        },
    }
}
