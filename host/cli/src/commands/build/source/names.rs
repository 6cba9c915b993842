//! Names of files and modules.

/// Name of the SDK's package, and of its module.
pub(super) const SDK_NAME: &str = "@spikard/wasm";

/// File extensions of source files.
pub(crate) const EXTENSIONS: [&str; 4] = ["ts", "mts", "js", "mjs"];
