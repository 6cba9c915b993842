//! The start: the start-up line, the listen address, and the cache of compiled code.

use std::fs;
use std::net::TcpListener;
use std::thread;

use serde_json::Value;
use spikard_wasm_testing::{Server, guest};

use super::host_with_cache;
use crate::support::{Lane, host};

/// Returns the start-up line without its variable numbers.
fn line(server: &Server) -> String {
    let line = server
        .line()
        .replace(&server.address().to_string(), "ADDRESS");
    let (before, rest) = line.split_once("loaded in ").expect("the load time");
    let (time, after) = rest.split_once(" ms").expect("milliseconds");
    let _: f64 = time.parse().expect("a number of milliseconds");
    format!("{before}loaded in N ms{after}")
}

#[test]
fn the_second_start_uses_compiled_code() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cache = folder.path().join("deep/in/it");
    let host = host_with_cache(&cache);
    let app = Lane::Rust.guest("hello");
    for state in ["miss", "hit", "hit"] {
        let server = host.serve(Some(&app)).start_now();
        assert_eq!(
            line(&server),
            format!(
                "serving hello-rust 0.1.0 at http://ADDRESS (3 routes, loaded in N ms, cache {state})"
            )
        );
        assert_eq!(server.client().get("/hello/a").status, 200);
        server.stop();
    }
    assert_eq!(entries(&cache).len(), 1);
    // The flag takes precedence over the directory from the environment.
    let none = folder.path().join("none");
    let server = host_with_cache(&none)
        .serve(Some(&app))
        .args(["--no-cache"])
        .start_now();
    assert!(line(&server).ends_with("cache off)"), "{}", server.line());
    server.stop();
    assert!(!none.exists());
}

fn entries(cache: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(cache).expect("the cache's folder");
    entries.flatten().map(|entry| entry.path()).collect()
}

#[test]
fn a_corrupt_cache_entry_is_recompiled() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let host = host_with_cache(folder.path());
    let app = Lane::Rust.guest("hello");
    let start = || host.serve(Some(&app)).start_now();
    start().stop();
    let damage: [fn(&mut Vec<u8>); 3] = [
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        },
        |bytes| bytes.truncate(100),
        Vec::clear,
    ];
    for damage in damage {
        let all = entries(folder.path());
        let [entry] = all.as_slice() else {
            panic!("{all:?}");
        };
        let mut bytes = fs::read(entry).expect("the entry");
        damage(&mut bytes);
        fs::write(entry, bytes).expect("the entry");
        let server = start();
        assert!(server.line().ends_with("cache miss)"), "{}", server.line());
        let _ = server.logged("cache entry unusable; compiling again");
        assert_eq!(server.client().get("/hello/a").text(), "Hello, a!");
        server.stop();
        let server = start();
        assert!(server.line().ends_with("cache hit)"), "{}", server.line());
        server.stop();
    }
}

#[test]
fn an_unwritable_cache_causes_a_warning() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    let app = Lane::Rust.guest("hello");
    let server = host_with_cache(&file.join("cache"))
        .serve(Some(&app))
        .start_now();
    let _ = server.logged("the next start compiles again");
    assert_eq!(server.client().get("/").status, 200);
    server.stop();
}

#[test]
fn concurrent_hosts_share_a_cache() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let app = Lane::Rust.guest("target");
    let starts: Vec<_> = (0..3)
        .map(|_| {
            let serve = host_with_cache(folder.path()).serve(Some(&app));
            thread::spawn(move || {
                let server = serve.start_now();
                assert_eq!(server.client().get("/health").status, 200);
                server.stop().log
            })
        })
        .collect();
    for start in starts {
        let log = start.join().expect("it serves");
        assert!(!log.contains("WARN"), "{log}");
    }
    assert_eq!(entries(folder.path()).len(), 1);
}

#[test]
fn the_address_comes_from_flags_or_the_environment() {
    let app = Lane::Rust.guest("hello");
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let port = free();
    let server = host()
        .serve(Some(&app))
        .port_as_given()
        .env("PORT", port.to_string());
    let server = server.env("HOST", "127.0.0.1").start();
    assert_eq!(server.address().to_string(), format!("127.0.0.1:{port}"));
    server.stop();
    // A flag takes precedence over the environment.
    let server = host()
        .serve(Some(&app))
        .env("PORT", "1")
        .env("HOST", "no such host");
    let server = server.args(["--host", "localhost"]).start();
    assert!(server.address().ip().is_loopback());
    assert_eq!(server.client().get("/").status, 200);
    server.stop();
}

#[test]
fn the_start_up_line_is_json_with_a_json_log() {
    let server = Lane::Rust.serve("hello", &["--log-format", "json"]);
    let line: Value = serde_json::from_str(server.line()).expect("JSON");
    assert_eq!(line["event"], "serving");
    assert_eq!(line["url"], format!("http://{}", server.address()));
    assert_eq!(
        (&line["app"], &line["version"]),
        (&"hello-rust".into(), &"0.1.0".into())
    );
    assert_eq!(line["routes"], 3);
    assert!(
        line["load_ms"].is_number() && line["cache"].is_string(),
        "{line}"
    );
    server.stop();
}

#[test]
fn the_hello_apps_serve_in_every_language() {
    for (name, routes) in [
        ("hello-rust", 3),
        ("hello-js", 4),
        ("hello-js-quickjs", 4),
        ("hello-ts", 0),
        ("hello-python", 4),
    ] {
        let server = host().serve(Some(&guest(name))).start();
        let line = server.line();
        assert!(
            routes == 0 || line.contains(&format!("({routes} routes,")),
            "{line}"
        );
        let client = server.client();
        let home = client.get("/");
        assert_eq!(home.json()["message"], "Hello, World!", "{name}");
        let greeting = client.get("/hello/Ann?shout=true").text();
        assert!(greeting.contains("HELLO, ANN!"), "{name}: {greeting}");
        let _ = client.get("/hello/Ann?shout=loudly").problem(422);
        let item = serde_json::json!({"name": "pen", "price": 1.5});
        let made = client.post_json("/items", &item);
        assert_eq!(
            (made.status, &made.json()["name"]),
            (201, &"pen".into()),
            "{name}"
        );
        let bad = serde_json::json!({"name": "pen", "price": -1});
        let _ = client.post_json("/items", &bad).problem(422);
        server.stop();
    }
}
