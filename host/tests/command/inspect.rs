//! `inspect`: reports on components.

use std::fs;

use serde_json::{Value, json};
use spikard_wasm_testing::guest;

use super::failed;
use super::golden::golden;
use crate::support::{Lane, host};

/// Removes sizes and versions, which depend on the compiler.
fn normalized(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let size = line.split_whitespace().position(|word| word == "MB");
        let line = match size {
            Some(at) if at <= 2 => {
                let (before, after) = line.split_once(" MB ").unwrap_or((line, ""));
                let kept = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
                format!("{kept}N MB {after}")
            }
            _ => line.split("@0.2.").next().unwrap_or(line).to_owned(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

#[test]
fn prints_a_report() {
    let app = guest("target-rust");
    let run = host().run(["inspect".as_ref(), app.as_os_str()]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    golden("inspect", &normalized(&run.stdout));
}

#[test]
fn prints_the_report_as_json() {
    for lane in [Lane::Rust, Lane::QuickJs] {
        let app = lane.guest("target");
        let run = host().run(["inspect".as_ref(), app.as_os_str(), "--json".as_ref()]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(report["world"], "spikard:handler/http-service@0.1.0");
        let routes = report["routes"].as_array().expect("routes");
        assert_eq!(routes.len(), 38);
        let int = routes
            .iter()
            .find(|route| route["path"] == "/path/int/{id}");
        let int = int.expect("the route");
        assert_eq!(
            (&int["method"], &int["body_limit"]),
            (&json!("GET"), &json!(10 << 20))
        );
        assert_eq!(
            int["parameters"],
            json!([{"name": "id", "in": "path", "key": "id"}])
        );
        let size = fs::metadata(&app).expect("the file").len();
        assert_eq!(report["sizes"]["component"], json!(size));
        for kind in ["imports", "exports"] {
            assert!(
                report[kind]
                    .as_array()
                    .is_some_and(|names| !names.is_empty()),
                "{report}"
            );
        }
    }
}

#[test]
fn lists_the_required_grants() {
    let app = guest("grants");
    let run = host().run(["inspect".as_ref(), app.as_os_str()]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let from = run.stdout.find("\ngrants ").expect("grants");
    let shown = &run.stdout[from + 1..];
    golden(
        "inspect-grants",
        &shown[..shown.find("imports ").expect("imports")],
    );
    let run = host().run(["inspect".as_ref(), app.as_os_str(), "--json".as_ref()]);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let grants = report["grants"].as_array().expect("grants");
    assert!(
        grants.contains(&json!({
            "name": "keyvalue", "import": "wasi:keyvalue/store@0.2.0-draft",
            "line": "keyvalue = { default = \"kv.redb\" }", "by_default": false,
        })),
        "{report}"
    );
}

#[test]
fn reports_on_components_of_other_worlds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("other.wasm");
    let text = r#"(component
        (import "a:b/c@1.0.0" (instance))
        (instance $empty)
        (export "wasi:http/incoming-handler@0.1.0" (instance $empty)))"#;
    fs::write(&path, wat::parse_str(text).expect("WebAssembly text")).expect("the file");
    let run = host().run(["inspect".as_ref(), path.as_os_str()]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let shown = run.stdout.replace(&path.display().to_string(), "APP");
    golden("inspect-other-world", &shown);
    fs::write(&path, "text").expect("the file");
    let run = host().run(["inspect".as_ref(), path.as_os_str()]);
    assert!(failed(&run).contains("is not WebAssembly"));
}
