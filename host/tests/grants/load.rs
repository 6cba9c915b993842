//! A component is served only if all its imports are granted.

use super::AppDirectory;

const ALL: &str = "[grants]\nconfig = {}\nkeyvalue = { default = \"kv.redb\" }\n";

#[test]
fn the_error_for_a_missing_grant_suggests_the_line_to_add() {
    let directory = AppDirectory::new();
    let refused = |text: &str| directory.refused(text);
    for (text, import, line) in [
        ("", "wasi:config/store@0.2.0-rc.1", "config = {}"),
        (
            "[grants]\nconfig = {}\n",
            "wasi:keyvalue/store@0.2.0-draft",
            "keyvalue = { default = \"kv.redb\" }",
        ),
        (
            &format!("{ALL}logging = false\n"),
            "wasi:logging/logging@0.1.0-draft",
            "logging = true",
        ),
        (
            &format!("{ALL}clocks = false\n"),
            "wasi:clocks/",
            "clocks = true",
        ),
        (
            &format!("{ALL}random = false\n"),
            "wasi:random/",
            "random = true",
        ),
    ] {
        let said = refused(text);
        let (begin, end) = (
            format!("error: `APP` imports `{import}"),
            format!("`, which is not granted; add `{line}` to its `[grants]` in spikard.toml"),
        );
        assert!(said.starts_with(&begin) && said.ends_with(&end), "{said}");
    }
    // The suggested line works.
    let server = directory.serve("");
    server.stop();
}

#[test]
fn the_error_for_a_store_that_cannot_be_opened_names_it() {
    let directory = AppDirectory::new();
    let with =
        |default: &str| format!("[grants]\nconfig = {{}}\nkeyvalue.default = \"{default}\"\n");
    assert_eq!(
        directory.refused(&with("no/kv.redb")),
        "error: failed to open the store `default` of `APP` at `FOLDER/no/kv.redb`: its folder does not exist; create it"
    );
    std::fs::write(directory.path("text"), "x".repeat(10_000)).expect("a file");
    let said = directory.refused(&with("text"));
    assert!(
        said.starts_with("error: failed to open the store `default` of `APP` at `FOLDER/text`: "),
        "{said}"
    );
    let said = directory.refused(&with("redis://:hunter2@host:port/0"));
    assert!(
        said.contains("the Redis server: the URL is invalid") && !said.contains("hunter2"),
        "{said}"
    );
    let said = directory.refused(&with("env:SPIKARD_WASM_NO_SUCH"));
    assert!(
        said.contains("`SPIKARD_WASM_NO_SUCH`, which is not set"),
        "{said}"
    );
}
