//! Components with a definition that a test chooses.

use std::fs;

use serde_json::Value;
use tempfile::{Builder, TempPath};

use crate::guests::guest;

/// Marker at the start of the component's buffer for a definition, and the size of
/// that buffer in bytes. `guests/conformance/definitions` has the same values.
const MARK: &[u8] = b"DEFINITION HERE:";
const LENGTH: usize = 8192;

/// Writes a component with this definition to a temporary file, which is deleted when
/// the returned path is dropped. `guests/conformance/definitions` documents the members
/// of a definition.
///
/// # Panics
/// Panics if the component is not built, or the definition does not fit into it.
#[must_use]
pub fn define(definition: &Value) -> TempPath {
    let mut bytes = fs::read(guest("definitions")).expect("the component can be read");
    let mut found = bytes.windows(MARK.len()).enumerate();
    let at = found.find_map(|(at, window)| (window == MARK).then_some(at));
    let start = at.expect("the component has a place for its definition") + MARK.len();
    let text = definition.to_string();
    assert!(text.len() <= LENGTH - MARK.len(), "too long: {text}");
    bytes[start..start + text.len()].copy_from_slice(text.as_bytes());
    let file = Builder::new()
        .prefix("definition-")
        .suffix(".wasm")
        .tempfile();
    let file = file.expect("a temporary file").into_temp_path();
    fs::write(&file, bytes).expect("the component can be written");
    file
}
