//! Where the components are that the tests serve.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// A component that `scripts/guests` built: from the folder that the environment
/// variable `SPIKARD_WASM_GUESTS` names, or else `target/guests`.
///
/// # Panics
/// It was not built.
#[must_use]
pub fn guest(name: &str) -> PathBuf {
    let folder = env::var_os("SPIKARD_WASM_GUESTS")
        .map_or_else(|| root().join("target/guests"), PathBuf::from);
    let path = folder.join(format!("{name}.wasm"));
    assert!(
        path.is_file(),
        "the component `{}` is not there: build it with `scripts/guests`",
        path.display()
    );
    path
}
