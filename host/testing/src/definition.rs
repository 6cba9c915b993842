//! Components that say of themselves what a test wants.

use std::fs;

use serde_json::Value;
use tempfile::{Builder, TempPath};

use crate::guests::guest;

/// What the place for a definition begins with, and how long it is; as in
/// `guests/conformance/definitions`.
const MARK: &[u8] = b"DEFINITION HERE:";
const LENGTH: usize = 8192;

/// Makes a component with this definition, in a file that goes with the value.
/// `guests/conformance/definitions` says what a definition may hold.
///
/// # Panics
/// The component is not built, or the definition too long for it.
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
