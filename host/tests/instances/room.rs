//! Room for instances: what an engine reserves, and what there is none for.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use spikard_wasm_testing::Host;

use crate::support::{Lane, host};

/// What a host says that does not serve, with the path of the app left out.
#[track_caller]
fn refusal(host: &Host, args: &[&str]) -> String {
    let app = Lane::Rust.guest("faulty");
    let serve = host.serve(Some(&app)).args(args).try_start();
    let said = serve.map(|_| ()).expect_err("it must not serve");
    said.replace(&app.display().to_string(), "APP")
}

#[test]
fn address_space_that_cannot_be_had() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("host.sh");
    let text = format!(
        "#!/bin/sh\nulimit -v 8000000\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_spikard-wasm")
    );
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    let narrow = Host::new(script, folder.path().join("cache"));
    let said = refusal(&narrow, &["--max-instances", "64", "--workers", "1"]);
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
fn an_instance_that_begins_above_a_limit() {
    let said = refusal(host(), &["--max-memory", "1MiB"]);
    for part in [
        "starts with",
        "bytes of memory, more than the limit of `1048576`",
        "`memory` in `[limits]`",
    ] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    let said = refusal(host(), &["--max-table-elements", "1"]);
    assert!(
        said.contains("elements of a table, more than the limit of `1`"),
        "{said}"
    );
}

#[test]
fn more_instances_than_a_sized_engine_needs_room_for_before() {
    // Sized for four memories each, this many would not fit into the address space.
    let app = Lane::Rust.guest("faulty");
    let args = ["--max-instances", "8000", "--workers", "2"];
    let server = host().serve(Some(&app)).args(args).start();
    assert_eq!(server.client().get("/count").status, 200);
    server.stop();
}
