//! Settings of an app through `wasi:config`.

use serde_json::{Value, json};

use super::{AppDirectory, act_ok};

#[test]
fn settings_are_passed_unchanged() {
    let directory = AppDirectory::new();
    let file = directory.write_all(
        "[grants]\nkeyvalue.default = \"kv.redb\"\nconfig = { greeting = \"hello\", empty = \"\", mine = \"file\" }\n",
    );
    let args = ["--config-value", "mine=flag", "--config-value", "more=a=b"];
    let server = super::serve(&file, &args);
    let get = |key: &str| act_ok(&server, json!({"do": "config", "key": key}));
    assert_eq!(get("greeting"), "hello");
    assert_eq!(get("empty"), "");
    assert_eq!(get("mine"), "flag");
    assert_eq!(get("nothing"), Value::Null);
    assert_eq!(
        act_ok(&server, json!({"do": "all-config"})),
        json!({"empty": "", "greeting": "hello", "mine": "flag", "more": "a=b"})
    );
    server.stop();
}

#[test]
fn settings_may_be_empty() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    assert_eq!(act_ok(&server, json!({"do": "all-config"})), json!({}));
    server.stop();
}
