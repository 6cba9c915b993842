//! What a command says, kept in `host/tests/golden` for people to read. With
//! `BLESS=1` in the environment a test writes what it sees.

use std::env;
use std::fs;

use spikard_wasm_testing::root;

/// Compares a text with the one that is kept under a name.
#[track_caller]
pub(crate) fn golden(name: &str, text: &str) {
    let path = root().join("host/tests/golden").join(format!("{name}.txt"));
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, text).expect("the text can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "`{}` has:\n{kept}\nbut this is said:\n{text}\nIf that is right, `BLESS=1` keeps it.",
        path.display()
    );
}
