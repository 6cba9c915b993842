//! `wit` and `doctor`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use spikard_wasm_testing::{Run, root};

use super::failed;
use crate::support::host;

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("the folder").flatten();
    let read = entries.map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read(entry.path()).expect("the file"))
    });
    read.collect()
}

#[test]
fn wit_writes_the_package() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("new/wit");
    for _ in 0..2 {
        let run = host().run(["wit".as_ref(), "-o".as_ref(), target.as_os_str()]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.contains("`http-app`"), "{}", run.stdout);
    }
    assert_eq!(files(&target), files(&root().join("wit")));
    let file = folder.path().join("file");
    fs::write(&file, "").expect("the file");
    let run = host().run(["wit".as_ref(), "-o".as_ref(), file.as_os_str()]);
    assert!(failed(&run).contains("failed to write the WIT package to"));
}

#[test]
fn doctor_has_a_line_for_each_tool() {
    let run = host().run(["doctor"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    for tool in [
        "cargo",
        "wasm32-wasip2",
        "node",
        "npm",
        "spikard-wasm-js",
        "python3",
        "componentize-py",
    ] {
        let line = run.stdout.lines().find(|line| {
            let mut words = line.split_whitespace();
            matches!(words.next(), Some("ok" | "missing")) && words.next() == Some(tool)
        });
        assert!(line.is_some(), "`{tool}`: {}", run.stdout);
    }
    for lane in ["Rust: ", "JavaScript and TypeScript: ", "Python: "] {
        assert!(run.stdout.contains(lane), "{}", run.stdout);
    }
}

#[test]
fn doctor_reports_remedies_for_missing_tools() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut doctor = host().command(["doctor"]);
    doctor
        .current_dir(folder.path())
        .env("PATH", folder.path())
        .env_remove("VIRTUAL_ENV");
    let run = Run::of(&mut doctor);
    assert_eq!(run.code, Some(0), "{run:?}");
    let missing = run
        .stdout
        .lines()
        .filter(|line| line.trim_start().starts_with("missing"));
    let missing: Vec<&str> = missing.collect();
    assert_eq!(missing.len(), 7, "{}", run.stdout);
    for line in missing {
        assert!(line.split_whitespace().count() > 3, "{line}");
    }
    assert_eq!(run.stdout.matches("not ready").count(), 3, "{}", run.stdout);
    for command in [
        "pip install './guests/python[build]'",
        "npm install CLONE/guests/js",
    ] {
        assert!(run.stdout.contains(command), "{}", run.stdout);
    }
}
