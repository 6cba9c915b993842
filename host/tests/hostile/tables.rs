//! Guests with large tables. The supported languages cannot grow tables, so the guest is
//! WebAssembly text.

use std::fs;

use spikard_wasm_testing::root;
use tempfile::{Builder, TempPath};

use super::attack::{Attack, HOST};
use crate::support::host;

/// The default limit on table elements.
const ELEMENTS: u64 = 200_000;

/// Assembles the app of `tables.wat` with a table of this initial size.
pub(crate) fn app(elements: u64) -> TempPath {
    let path = root().join("guests/conformance/hostile/tables.wat");
    let text = fs::read_to_string(path).expect("the text of the app");
    let text = text.replace(
        "(table $t 1 funcref)",
        &format!("(table $t {elements} funcref)"),
    );
    let bytes = wat::parse_str(text).expect("WebAssembly text");
    let file = Builder::new().prefix("tables-").suffix(".wasm").tempfile();
    let file = file.expect("a temporary file").into_temp_path();
    fs::write(&file, bytes).expect("the component can be written");
    file
}

#[test]
fn a_table_bomb() {
    let app = app(1);
    let attack = Attack::on(
        &app,
        &[
            "--workers",
            "1",
            "--timeout",
            "300ms",
            "--max-instances",
            "4",
        ],
    );
    for _ in 0..3 {
        let response = attack.server().client().get("/tables");
        assert_eq!(response.status, 200, "{}", response.text());
        let elements: u64 = response.text().parse().expect("a number");
        assert!(elements > 1000 && elements <= ELEMENTS, "{elements}");
    }
    for response in attack.act_at_once(2, "/grow", "") {
        let _ = response.problem(504);
    }
    let log = attack.end(HOST);
    let late = |line: &&str| line.contains("exceeded its deadline of 300ms");
    assert_eq!(log.lines().filter(late).count(), 2, "{log}");
}

#[test]
fn a_table_whose_initial_size_exceeds_the_limit() {
    let app = app(10_000_000);
    let path = app.to_str().expect("a path");
    let run = host().run(["serve", path, "--port", "0"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for word in ["10000000", "table"] {
        assert!(run.stderr.contains(word), "{}", run.stderr);
    }
}
