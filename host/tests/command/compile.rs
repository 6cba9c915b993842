//! `compile`, and serving its output.

use std::fs;
use std::path::{Path, PathBuf};

use spikard_wasm_testing::{Run, guest};

use super::failed;
use super::golden::golden;
use crate::support::{Lane, host};

/// Compiles an app into a directory.
#[track_caller]
fn compile(app: &Path, folder: &Path) -> PathBuf {
    let path = folder.join("app.cwasm");
    let run = host().run([
        "compile".as_ref(),
        app.as_os_str(),
        "-o".as_ref(),
        path.as_os_str(),
    ]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    let next = format!(
        "next: spikard-wasm serve {} --allow-precompiled\n",
        path.display()
    );
    assert!(run.stdout.ends_with(&next), "{}", run.stdout);
    assert_eq!(fs::read_dir(folder).expect("the folder").count(), 1);
    path
}

#[track_caller]
fn serve_error(path: &Path, args: &[&str]) -> String {
    let mut command = host().command(["serve".as_ref(), path.as_os_str()]);
    command.args(["--port", "0"]).args(args);
    failed(&Run::of(&mut command)).replace(&path.display().to_string(), "APP")
}

#[test]
fn a_precompiled_file_is_served() {
    for lane in [Lane::Rust, Lane::QuickJs] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = compile(&lane.guest("hello"), folder.path());
        let server = host()
            .serve(Some(&path))
            .args(["--allow-precompiled"])
            .start();
        assert!(
            server.line().ends_with("cache precompiled)"),
            "{}",
            server.line()
        );
        let client = server.client();
        assert!(client.get("/hello/Ann").text().contains("Hello, Ann!"));
        let _ = client.get("/hello/Ann?shout=loudly").problem(422);
        server.stop();
    }
    // The flag permits precompiled files but does not require them.
    let server = host()
        .serve(Some(&guest("hello-rust")))
        .args(["--allow-precompiled"])
        .start();
    assert!(!server.line().contains("precompiled"), "{}", server.line());
    server.stop();
}

#[test]
fn precompiled_files_require_a_flag() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = compile(&Lane::Rust.guest("hello"), folder.path());
    golden("precompiled", &serve_error(&path, &[]));
}

#[test]
fn a_modified_precompiled_file_is_rejected() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = compile(&Lane::Rust.guest("hello"), folder.path());
    let whole = fs::read(&path).expect("the file");
    let with = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("the file");
        serve_error(&path, &["--allow-precompiled"])
    };
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    golden("precompiled-damaged", &with(&damaged));
    golden("precompiled-foreign", &with(&whole[..whole.len() - 1]));
    assert_eq!(with(b"\x7fELF\x02"), with(&whole[..whole.len() / 2]));
    let mut later = whole.clone();
    let version = later.len() - 20;
    later[version] += 1;
    golden("precompiled-format", &with(&later));
}

#[test]
fn a_file_precompiled_for_another_machine_is_rejected() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = compile(&Lane::Rust.guest("hello"), folder.path());
    let mut bytes = fs::read(&path).expect("the file");
    // Change the target machine that the engine recorded, and recompute the file's hash.
    let (here, there) = match std::env::consts::ARCH {
        "x86_64" => ("x86_64-", "mips64-"),
        _ => ("aarch64-", "powerpc-"),
    };
    let mut found = bytes.windows(here.len()).enumerate();
    let at = found.find_map(|(at, window)| (window == here.as_bytes()).then_some(at));
    let at = at.expect("the file names its machine");
    bytes[at..at + there.len()].copy_from_slice(there.as_bytes());
    let hash = bytes.len() - 52;
    let new = blake3::hash(&bytes[..hash]);
    bytes[hash..hash + 32].copy_from_slice(new.as_bytes());
    fs::write(&path, bytes).expect("the file");
    let said = serve_error(&path, &["--allow-precompiled"]);
    assert!(
        said.contains("compile it again with `spikard-wasm compile`"),
        "{said}"
    );
    assert!(said.contains(&there[..there.len() - 1]), "{said}");
}

#[test]
fn compile_rejects_invalid_inputs_and_outputs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("app.wasm");
    let output = folder.path().join("out.cwasm");
    let run = |app: &Path, output: &Path| {
        failed(&host().run([
            "compile".as_ref(),
            app.as_os_str(),
            "-o".as_ref(),
            output.as_os_str(),
        ]))
    };
    assert!(run(&path, &output).contains("not found"));
    assert!(run(folder.path(), &output).contains("is a folder, not a component"));
    fs::write(
        &path,
        wat::parse_str("(component)").expect("WebAssembly text"),
    )
    .expect("the file");
    assert!(run(&path, &output).contains("does not export"));
    assert!(!output.exists());
    let app = Lane::Rust.guest("hello");
    assert!(run(&app, folder.path()).contains("pass a file name to `-o`"));
    assert!(run(&app, &path.join("x")).contains("failed to write"));
}
