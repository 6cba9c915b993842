//! Prepares the heap for the snapshot, so that the first call of a fresh instance writes few and adjacent pages.
//!
//! The host restores the pages that a call wrote. Wasmtime copies the first 32 runs of adjacent pages; the pages of
//! further runs go back to the kernel, and each costs a page fault in the next fresh instance.

use core::ffi::c_void;

use rquickjs_sys as qjs;

/// Heap growth in bytes that triggers the first garbage collection of a component, which writes to all objects. The
/// default of QuickJS is half of the heap size after the last collection that QuickJS triggered.
const HEADROOM: u32 = 1 << 20;

/// Block sizes of QuickJS's allocator in bytes, with the header: `arena_block_sizes` in `quickjs.c`. All blocks of an
/// arena have the same size.
const BLOCKS: [u32; 31] = [
    16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224,
    240, 256, 288, 320, 352, 384, 416, 448, 480, 512,
];

/// Size of a block's header in bytes. Its first 16 bits are the index of the block in its arena.
const HEADER: u32 = 8;

/// Size of the blocks of an arena in bytes: `JS_ARENA_SIZE` without the arena's header.
const ARENA: u32 = 4096 - 24;

/// Maximum number of bytes to allocate until QuickJS creates a new arena. Without a new arena, a call writes more pages.
const LIMIT: u32 = 1 << 20;

/// Sizes of the allocations that fill all free memory, in bytes, largest first.
const FREE: [usize; 13] = [
    65536, 32768, 16384, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16,
];
/// Number of large sizes in `FREE`. A second pass with them clears the headers that the smaller blocks leave.
const LARGE: usize = 7;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// A block that `clear_free` has allocated, in a linked list.
struct Free {
    next: *mut Free,
}

/// Fills free blocks with zeros, which a snapshot does not store.
fn clear_free(sizes: &[usize]) {
    let mut list: *mut Free = core::ptr::null_mut();
    // SAFETY: each block is from `malloc`, is only used here, and is freed once.
    unsafe {
        for &size in sizes {
            loop {
                let pages = core::arch::wasm32::memory_size(0);
                let block: *mut Free = malloc(size).cast();
                if block.is_null() {
                    break;
                }
                block.cast::<u8>().write_bytes(0, size);
                (*block).next = list;
                list = block;
                if core::arch::wasm32::memory_size(0) > pages {
                    break;
                }
            }
        }
        while !list.is_null() {
            let next = (*list).next;
            (*list).next = core::ptr::null_mut();
            free(list.cast());
            list = next;
        }
    }
}

/// Collects garbage, clears free memory, and creates an arena for each block size, which the next allocations use.
///
/// # Safety
/// The runtime is alive.
pub(crate) unsafe fn pack(runtime: *mut qjs::JSRuntime) {
    // SAFETY: the caller's promise.
    unsafe {
        qjs::JS_RunGC(runtime);
        clear_free(&FREE);
        clear_free(&FREE[..LARGE]);
        for size in BLOCKS {
            new_arena(runtime, size);
        }
        let mut usage = core::mem::zeroed();
        qjs::JS_ComputeMemoryUsage(runtime, &raw mut usage);
        let used = u32::try_from(usage.malloc_size).unwrap_or_default();
        qjs::JS_SetGCThreshold(runtime, used.saturating_add(HEADROOM));
    }
}

/// Puts a new arena at the head of the list of arenas with free blocks: allocates until a new arena is full, then frees all
/// blocks. A full arena moves to the head when one of its blocks is freed, so the blocks of the new arena are freed last.
/// It keeps one block, because QuickJS releases an empty arena.
unsafe fn new_arena(runtime: *mut qjs::JSRuntime, size: u32) {
    let mut blocks = Vec::new();
    // Number of blocks at the end of `blocks` that have the indexes 0, 1, 2, and so on, in a new arena.
    let mut fresh = 0;
    for _ in 0..LIMIT / size {
        // SAFETY: the runtime is alive.
        let block: *mut u8 = unsafe { qjs::js_malloc_rt(runtime, size - HEADER) }.cast();
        if block.is_null() {
            break;
        }
        blocks.push(block);
        // SAFETY: the header is in front of the block.
        let index = u32::from(unsafe { block.sub(HEADER as usize).cast::<u16>().read() });
        fresh = if index == fresh {
            fresh + 1
        } else {
            u32::from(index == 0)
        };
        if fresh == ARENA / size {
            break;
        }
    }
    let is_found = fresh == ARENA / size;
    let first = if is_found {
        blocks.len() - fresh as usize
    } else {
        blocks.len()
    };
    let arena = blocks.split_off(first);
    for block in blocks.into_iter().chain(arena.into_iter().skip(1)) {
        // SAFETY: the block is from `js_malloc_rt`, and is freed once.
        unsafe { qjs::js_free_rt(runtime, block.cast()) };
    }
}
