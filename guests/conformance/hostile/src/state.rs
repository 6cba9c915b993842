//! State that one call leaves for the next.

use std::cell::{Cell, RefCell};

use crate::bindings::spikard::handler::request;
use crate::handler::{Body, Content};
use crate::memory::{self, PAGE};
use crate::{Answer, text};

thread_local! {
    /// The number of calls of this instance.
    static CALLS: Cell<u32> = const { Cell::new(0) };
    static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn called() -> u32 {
    CALLS.set(CALLS.get() + 1);
    CALLS.get()
}

/// Stores a request's body in ordinary memory, and in memory outside the allocator: at the end of
/// newly added pages.
pub(crate) fn keep(body: Body) -> Answer {
    called();
    let bytes = match body {
        Body::Text(text) => text.into_bytes(),
        Body::Bytes(bytes) => bytes,
        _ => return (400, String::new(), Content::Empty),
    };
    if let Some(before) = memory::grow(16) {
        let end = (before + 16) * PAGE;
        for (at, byte) in (end - bytes.len()..end).zip(&bytes) {
            // SAFETY: the pages were just added, and nothing else uses them.
            unsafe { (at as *mut u8).write_volatile(*byte) };
        }
    }
    KEPT.replace(bytes);
    text("kept")
}

/// Searches the whole memory and additional pages for a secret. `x-secret` is the secret in
/// hexadecimal with every byte inverted, so that the search does not find itself.
pub(crate) fn search() -> Answer {
    let inverted = request::header("x-secret").unwrap_or_default();
    let digits = inverted.as_bytes().chunks(2);
    let inverted: Vec<u8> = digits
        .filter_map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
        .collect();
    let _ = memory::grow(32);
    let end = memory::size();
    // SAFETY: every address below the size of the memory is readable.
    let byte = |at: usize| unsafe { (at as *const u8).read_volatile() };
    let is_at = |at: usize| {
        let mut pairs = inverted.iter().enumerate();
        pairs.all(|(index, inverted)| byte(at + index) == !inverted)
    };
    let places = (1..end - inverted.len()).filter(|at| is_at(*at)).count();
    let kept = KEPT.with_borrow(Vec::len);
    let calls = called();
    let json = format!("{{\"calls\":{calls},\"kept\":{kept},\"places\":{places},\"bytes\":{end}}}");
    (200, String::new(), Content::Json(json))
}
