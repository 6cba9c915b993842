//! Invalid command lines: exit code 2, and an error that names the invalid argument.

use std::net::TcpListener;

use spikard_wasm_testing::Run;

use super::failed;
use super::golden::golden;
use crate::support::{Lane, host};

#[track_caller]
fn usage_error(args: &[&str]) -> String {
    let mut command = host().command(args);
    let run = Run::of(command.env_remove("SPIKARD_WASM_CACHE_DIR"));
    assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
    assert_eq!(run.stdout, "", "{args:?}");
    assert!(
        run.stderr.starts_with("error: "),
        "{args:?}: {}",
        run.stderr
    );
    format!("$ spikard-wasm {}\n{}\n", args.join(" "), run.stderr)
}

#[test]
fn invalid_arguments_exit_with_2() {
    let all: Vec<String> = [
        &["server"][..],
        &["serve", "--prot", "8000"],
        &["serve", "--port", "70000"],
        &["serve", "--port", "http"],
        &["serve", "--port", "-1"],
        &["serve", "--timeout", "0s"],
        &["serve", "--timeout", "soon"],
        &["serve", "--timeout", "5h"],
        &["serve", "--body-limit", "lots"],
        &["serve", "--workers", "0"],
        &["serve", "--max-memory", "1TiB"],
        &["serve", "--instances", "never"],
        &["serve", "--metrics-address", "9090"],
        &[
            "serve",
            "--no-metrics",
            "--metrics-address",
            "localhost:9090",
        ],
        &["serve", "--log-format", "xml"],
        &["serve", "a.wasm", "b.wasm"],
        &["inspect"],
        &["openapi"],
        &["build", "--engine", "v8"],
    ]
    .iter()
    .map(|args| usage_error(args))
    .collect();
    golden("usage", &all.concat());
}

#[test]
fn an_empty_command_line_prints_help() {
    let run = host().run::<&str>([]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    for command in ["serve", "inspect", "openapi", "build", "wit", "doctor"] {
        assert!(run.stderr.contains(command), "{}", run.stderr);
    }
}

#[test]
fn help_and_version_exit_with_0() {
    let run = host().run(["--version"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        run.stdout,
        concat!("spikard-wasm ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let run = host().run(["serve", "--help"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    for word in ["127.0.0.1", "8000", "10MiB", "30s", "PORT", "HOST"] {
        assert!(run.stdout.contains(word), "`{word}` in {}", run.stdout);
    }
}

#[test]
fn a_used_port_is_reported_before_compilation() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let app = Lane::Python.guest("hello");
    let run = host().run([
        "serve".as_ref(),
        app.as_os_str(),
        "--no-cache".as_ref(),
        "--port".as_ref(),
        port.as_ref(),
    ]);
    golden("port-in-use", &failed(&run).replace(&port, "PORT"));
}

#[test]
fn an_unresolvable_host_is_reported() {
    let app = Lane::Rust.guest("hello");
    let run = host().run([
        "serve".as_ref(),
        app.as_os_str(),
        "--host".as_ref(),
        "no such host".as_ref(),
    ]);
    let said = failed(&run);
    assert!(
        said.contains("failed to resolve the listen address `no such host`"),
        "{said}"
    );
    assert!(said.contains("127.0.0.1"), "{said}");
}
