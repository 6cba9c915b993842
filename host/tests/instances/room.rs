//! Limits on reserved memory: the address space of engines, and the initial size of instances.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use spikard_wasm_testing::Host;

use crate::support::{Lane, host};

/// Returns the error of a host that cannot serve, without the path of the app.
#[track_caller]
fn start_error(host: &Host, args: &[&str]) -> String {
    let app = Lane::Rust.guest("faulty");
    let serve = host.serve(Some(&app)).args(args).try_start();
    let said = serve.map(|_| ()).expect_err("it must not serve");
    said.replace(&app.display().to_string(), "APP")
}

#[test]
fn an_engine_larger_than_the_address_space() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("host.sh");
    let text = format!(
        "#!/bin/sh\nulimit -v 8000000\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_spikard-wasm")
    );
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    let narrow = Host::new(script, folder.path().join("cache"));
    let said = start_error(&narrow, &["--max-instances", "64", "--workers", "1"]);
    for part in [
        "failed to reserve address space for `66` instances of `APP` (`1` linear memories each",
        "lower `--max-instances`",
        "`ulimit -v`",
    ] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn an_instance_whose_initial_size_exceeds_a_limit() {
    let said = start_error(host(), &["--max-memory", "1MiB"]);
    for part in [
        "starts with",
        "bytes of memory, more than the limit of `1048576`",
        "`memory` in `[limits]`",
    ] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    let said = start_error(host(), &["--max-table-elements", "1"]);
    assert!(
        said.contains("elements of a table, more than the limit of `1`"),
        "{said}"
    );
}

#[test]
fn engines_reserve_only_the_memories_that_the_app_has() {
    // If the engine reserved four memories per instance, this many would not fit into the address
    // space.
    let app = Lane::Rust.guest("faulty");
    let args = ["--max-instances", "8000", "--workers", "2"];
    let server = host().serve(Some(&app)).args(args).start();
    assert_eq!(server.client().get("/count").status, 200);
    server.stop();
}
