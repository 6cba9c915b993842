//! Errors of `build` for directories with no app or several. `scripts/guests` covers successful
//! builds.

use std::fs;

use super::failed;
use super::golden::golden;
use crate::support::host;

/// Builds a directory with these files; returns the error, without the path of the directory.
#[track_caller]
fn build_error(files: &[(&str, &str)], args: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let output = folder.path().join("out.wasm");
    let mut command = vec![
        "build".as_ref(),
        folder.path().as_os_str(),
        "-o".as_ref(),
        output.as_os_str(),
    ];
    command.extend(args.iter().map(|arg| arg.as_ref() as &std::ffi::OsStr));
    let said = failed(&host().run(command));
    assert!(!output.exists());
    said.replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn a_directory_must_contain_exactly_one_app() {
    golden("build-no-app", &build_error(&[("app.txt", "")], &[]));
    golden(
        "build-two-apps",
        &build_error(&[("Cargo.toml", ""), ("package.json", "{}")], &[]),
    );
    golden(
        "build-engine",
        &build_error(&[("pyproject.toml", "")], &["--engine", "quickjs"]),
    );
}

#[test]
fn a_manifest_must_be_readable() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let manifest = folder.path().join("spikard.toml");
    fs::write(&manifest, "[build]\nlanguage = \"cobol\"\n").expect("a file");
    let run = host().run(["build".as_ref(), folder.path().as_os_str()]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    let head = format!("error: failed to parse `{}`: ", manifest.display());
    assert!(run.stderr.starts_with(&head), "{}", run.stderr);
    // The error points to the line in the file.
    assert!(
        run.stderr.contains("unknown variant `cobol`"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_directory_must_exist() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = folder.path().join("nothing");
    let said = failed(&host().run(["build".as_ref(), missing.as_os_str()]));
    golden(
        "build-no-folder",
        &said.replace(&missing.display().to_string(), "DIR"),
    );
}
