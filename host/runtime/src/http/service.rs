//! Calls of apps for `wasi:http` 0.3.

use crate::instance::Instance;

/// Checks the type of the export, on which every call relies.
pub(crate) fn check_service(_: &mut Instance) -> wasmtime::Result<()> {
    Ok(())
}
