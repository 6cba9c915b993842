//! Environment variables of an app.

use std::process::Command;

use serde_json::json;
use spikard_wasm_testing::{Run, guest};

use super::{AppDirectory, act, act_ok};
use crate::support::host;

#[test]
fn the_environment_is_empty_by_default() {
    let directory = AppDirectory::new();
    let server = directory.serve("");
    // The host's own environment has at least `PATH`.
    assert_eq!(act_ok(&server, json!({"do": "environment"})), json!({}));
    server.stop();
}

#[test]
fn only_granted_variables_are_visible() {
    let directory = AppDirectory::new();
    let file =
        directory.write("environment = { LOG = \"debug\", EMPTY = \"\" }\ninherit = [\"GRANTED\"]");
    let server = host()
        .serve(Some(&guest("grants")))
        .args(["--config".as_ref(), file.as_os_str()])
        .args([
            "--env",
            "LOG=warn",
            "--env",
            "ALSO_GRANTED",
            "--env",
            "SIGN=a=b",
        ])
        .env("GRANTED", "by the file")
        .env("ALSO_GRANTED", "by a flag")
        .env("SECRET", "not granted")
        .start();
    assert_eq!(
        act_ok(&server, json!({"do": "environment"})),
        json!({
            "ALSO_GRANTED": "by a flag",
            "EMPTY": "",
            "GRANTED": "by the file",
            "LOG": "warn",
            "SIGN": "a=b",
        })
    );
    server.stop();
}

#[test]
fn an_inherited_variable_must_be_set() {
    let mut command: Command = host().command(["serve", "--port", "0", "--env", "NOT_SET"]);
    command.arg(guest("grants"));
    let run = Run::of(&mut command);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.stderr,
        "error: the grant passes the host's environment variable `NOT_SET` to the app, but it is not \
         set; set it, or remove the grant\n"
    );
}

#[test]
fn every_instance_sees_granted_variables() {
    let directory = AppDirectory::new();
    let server = directory.serve_with("environment = { A = \"1\" }", &["--instances", "fresh"]);
    for _ in 0..3 {
        assert_eq!(
            act(&server, &json!({"do": "environment"})),
            Ok(json!({"A": "1"}))
        );
    }
    server.stop();
}
