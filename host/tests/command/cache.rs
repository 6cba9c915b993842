//! The cache of compiled code: shared use, damaged entries, and directories that are full or
//! read-only.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use spikard_wasm_testing::Host;

use super::host_with_cache;
use crate::support::Lane;

fn entries(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Returns a host that cannot write files above 100 KiB, to simulate a full disk.
fn host_with_full_disk(folder: &Path) -> Host {
    use std::os::unix::fs::PermissionsExt;
    let script = folder.join("host.sh");
    // Without the trap, exceeding the limit kills the process.
    let text = format!(
        "#!/bin/sh\ntrap '' XFSZ\nulimit -f 200\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_spikard-wasm")
    );
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a program");
    Host::new(script, folder.join("cache"))
}

#[test]
fn a_full_disk_causes_a_warning() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let host = host_with_full_disk(folder.path());
    let app = Lane::Rust.guest("hello");
    for _ in 0..2 {
        let server = host.serve(Some(&app)).start_now();
        assert!(server.line().ends_with("cache miss)"), "{}", server.line());
        let line = server.logged("the next start compiles again");
        assert!(
            line.contains("WARN") && line.contains("File too large"),
            "{line}"
        );
        assert_eq!(server.client().get("/hello/a").text(), "Hello, a!");
        server.stop();
        // No partial entry remains.
        assert_eq!(entries(host.cache()), [] as [PathBuf; 0]);
    }
    let output = folder.path().join("out.cwasm");
    let run = host.run([
        "compile".as_ref(),
        app.as_os_str(),
        "-o".as_ref(),
        output.as_os_str(),
    ]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr.contains("failed to write") && run.stderr.contains("File too large"),
        "{run:?}"
    );
    assert!(!output.exists());
}

#[test]
fn entries_may_be_removed_at_any_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = Lane::Rust.guest("hello");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for entry in entries(folder.path()) {
                    let _ = fs::remove_file(entry);
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        let starts: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..3 {
                        let server = host_with_cache(folder.path()).serve(Some(&app)).start_now();
                        assert_eq!(server.client().get("/hello/a").text(), "Hello, a!");
                        server.stop();
                    }
                })
            })
            .collect();
        for start in starts {
            start.join().expect("it serves");
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn concurrent_hosts_replace_a_corrupt_entry() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = Lane::Rust.guest("hello");
    let start = || host_with_cache(folder.path()).serve(Some(&app)).start_now();
    start().stop();
    let [entry] = entries(folder.path()).try_into().expect("one entry");
    let whole = fs::read(&entry).expect("the entry");
    fs::write(&entry, &whole[..whole.len() / 3]).expect("the entry");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let server = start();
                assert_eq!(server.client().get("/hello/a").text(), "Hello, a!");
                server.stop();
            });
        }
    });
    assert_eq!(entries(folder.path()), [entry]);
    let server = start();
    assert!(server.line().ends_with("cache hit)"), "{}", server.line());
    server.stop();
}

/// The warning depends on permissions: root can write to any directory.
#[test]
fn a_read_only_cache_directory_causes_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).expect("a folder");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o500)).expect("a folder to read");
    let may = fs::write(cache.join("probe"), "").is_ok();
    let _ = fs::remove_file(cache.join("probe"));
    let app = Lane::Rust.guest("hello");
    let server = host_with_cache(&cache).serve(Some(&app)).start_now();
    assert_eq!(server.client().get("/hello/a").text(), "Hello, a!");
    let log = server.stop().log;
    assert_eq!(log.contains("the next start compiles again"), !may, "{log}");
    assert_eq!(entries(&cache).len(), usize::from(may));
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).expect("a folder");
}
