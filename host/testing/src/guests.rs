//! Paths of the components that the tests serve.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Returns the path of a component that `scripts/guests` built. The component is in the
/// directory `SPIKARD_WASM_GUESTS`, or `target/guests` if the variable is not set.
///
/// # Panics
/// Panics if the component does not exist.
#[must_use]
pub fn guest(name: &str) -> PathBuf {
    let folder = env::var_os("SPIKARD_WASM_GUESTS")
        .map_or_else(|| root().join("target/guests"), PathBuf::from);
    let path = folder.join(format!("{name}.wasm"));
    assert!(
        path.is_file(),
        "the component `{}` does not exist: build it with `scripts/guests`",
        path.display()
    );
    path
}
