//! Tables of docs/configuration.md that tests compare with the code.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

/// Tests of several tables may run at once.
static PAGE: Mutex<()> = Mutex::new(());

/// Checks that a table stands between two lines of the page. With `BLESS=1` in the
/// environment the page is brought up to date.
#[track_caller]
pub(super) fn has_table(begin: &str, end: &str, table: &str) {
    let _one_at_a_time = PAGE.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(begin).expect("the table's begin");
    let (kept, after) = rest.split_once(end).expect("the table's end");
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(kept, table, "`BLESS=1` writes it");
    }
}
