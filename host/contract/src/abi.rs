//! The exported functions of the core Wasm module.
//!
//! The caller allocates memory with `contract_alloc`, writes an operation's input there, and
//! passes it to `contract_call`, which frees it. `contract_call` returns a frame: its
//! address in the upper and its length in the lower 32 bits. The caller frees the frame with
//! `contract_free`.
#![allow(unsafe_code)]

use std::cell::RefCell;

use crate::session::Session;

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

/// Allocates `length` bytes.
#[unsafe(no_mangle)]
extern "C" fn contract_alloc(length: u32) -> *mut u8 {
    let bytes = vec![0_u8; length as usize].into_boxed_slice();
    Box::into_raw(bytes).cast()
}

/// Frees memory that `contract_alloc` or `contract_call` returned.
///
/// # Safety
/// The address and the length must come from one of them, and must not be freed yet.
#[unsafe(no_mangle)]
unsafe extern "C" fn contract_free(address: *mut u8, length: u32) {
    let bytes = std::ptr::slice_from_raw_parts_mut(address, length as usize);
    // SAFETY: the caller guarantees that this is a boxed slice of that length.
    drop(unsafe { Box::from_raw(bytes) });
}

/// Runs an operation of the session.
///
/// # Safety
/// The address and the length must come from `contract_alloc`, and must not be freed yet.
#[unsafe(no_mangle)]
unsafe extern "C" fn contract_call(
    operation: u32,
    exchange: u32,
    address: *mut u8,
    length: u32,
) -> u64 {
    let bytes = std::ptr::slice_from_raw_parts_mut(address, length as usize);
    // SAFETY: the caller guarantees that this is a boxed slice of that length.
    let input = unsafe { Box::from_raw(bytes) };
    let frame = SESSION.with_borrow_mut(|session| session.call(operation, exchange, &input));
    let frame = frame.into_boxed_slice();
    let length = frame.len() as u64;
    let address = Box::into_raw(frame).cast::<u8>() as usize as u64;
    address << 32 | length
}
