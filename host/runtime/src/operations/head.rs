//! Arguments of operations.

use serde::de::DeserializeOwned;
use spikard_wasm_app::one_line;
use spikard_wasm_services::Failed;

/// Parses the head of an operation.
pub(super) fn parse<T: DeserializeOwned>(kind: &str, head: &str) -> Result<T, Failed> {
    let head = if head.is_empty() { "{}" } else { head };
    serde_json::from_str(head).map_err(|error| {
        let error = error.to_string();
        Failed::new(
            "invalid",
            format!(
                "the arguments of `{kind}` are invalid ({}); `docs/operations.md` lists them",
                one_line(&error)
            ),
        )
    })
}

/// Returns the error for a kind that this host does not know.
pub(super) fn unknown(kind: &str) -> Failed {
    let shown = one_line(&kind[..kind.floor_char_boundary(64)]).into_owned();
    Failed::new(
        "unknown-kind",
        format!(
            "this host does not know the operation `{shown}`; update spikard-wasm, or correct the name"
        ),
    )
}
