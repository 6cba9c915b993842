//! The native parts of the Web APIs in `prelude/`: a module of JavaScript for each subject.
//!
//! An app can import these modules as well, so each function checks its arguments.

mod clock;
mod crypto;
mod text;
mod url;
mod values;

use crate::native::{module, type_error};
use crate::value::{Result, Value};

/// Registers the modules that the prelude imports.
pub(crate) fn register() {
    module(c"spikard:natives/clock", clock::NATIVES);
    module(c"spikard:natives/crypto", crypto::NATIVES);
    module(c"spikard:natives/text", text::NATIVES);
    module(c"spikard:natives/url", url::NATIVES);
    module(c"spikard:natives/values", values::NATIVES);
}

/// Returns the bytes of a `Uint8Array`. They are valid until JavaScript runs again.
fn bytes(value: &Value) -> Result<&[u8]> {
    match value.view() {
        Some(bytes) => Ok(bytes),
        None => type_error("give a Uint8Array"),
    }
}

/// Writes as many bytes as fit to the start of a `Uint8Array`, whose bytes are from `bytes`.
fn write(target: &[u8], source: &[u8]) {
    // SAFETY: the array has `target.len()` bytes, which JavaScript can write as well, and none runs meanwhile. The
    // source is not a part of the array, because Rust or QuickJS has allocated it for the caller.
    unsafe {
        target
            .as_ptr()
            .cast_mut()
            .copy_from(source.as_ptr(), source.len().min(target.len()))
    }
}
