//! Comparison of tables in docs/configuration.md with the code that defines them.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// Serializes tests, which share one file.
static PAGE: Mutex<()> = Mutex::new(());

/// Asserts that the page has this table between two markers. With `BLESS=1` in the
/// environment it updates the page instead.
#[track_caller]
pub(super) fn assert_table(begin: &str, end: &str, table: &str) {
    let _lock = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(begin).expect("the marker before the table");
    let (current, after) = rest.split_once(end).expect("the marker after the table");
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(current, table, "run with `BLESS=1` to update the page");
    }
}
