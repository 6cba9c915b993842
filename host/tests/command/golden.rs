//! Golden files: expected outputs of commands in `host/tests/golden`. With `BLESS=1` in the
//! environment, tests write them.

use std::env;
use std::fs;

use spikard_wasm_testing::root;

/// Compares a text with the golden file of this name.
#[track_caller]
pub(crate) fn golden(name: &str, text: &str) {
    let path = root().join("host/tests/golden").join(format!("{name}.txt"));
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, text).expect("the text can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "`{}` has:\n{kept}\nbut the output is:\n{text}\nIf this is right, run the test with `BLESS=1`.",
        path.display()
    );
}
