//! `--watch`: changes are served without a signal.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use spikard_wasm_testing::{Server, define};

use super::{Folder, app, ask, found};
use crate::support::host;

/// Waits until an app answers with a text.
#[track_caller]
fn wait_for_answer(server: &Server, path: &str, text: &str) {
    let start = Instant::now();
    while ask(server, "a", path).1 != text {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{}",
            server.log()
        );
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn components_and_configuration_are_watched() {
    let folder = Folder::new();
    folder.app("a.wasm", "a 1");
    let text = "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\npath = \"/a\"\n";
    folder.config(text);
    let server = folder.serve(&["--watch"]);
    folder.app("a.wasm", "a 2");
    wait_for_answer(&server, "/a/x", "a 2");
    folder.config(&text.replace("\"/a\"", "\"/b\""));
    wait_for_answer(&server, "/b/x", "a 2");
    // A new directory is watched from then on.
    fs::create_dir(folder.path("sub")).expect("a folder");
    folder.app("sub/b.wasm", "b 1");
    folder.config(&text.replace("a.wasm", "sub/b.wasm"));
    wait_for_answer(&server, "/a/x", "b 1");
    folder.app("sub/b.wasm", "b 2");
    wait_for_answer(&server, "/a/x", "b 2");
    // Unrelated files do not cause a reload.
    let before = server.log().matches("app reloaded").count();
    folder.write("sub/notes.txt", "nothing");
    thread::sleep(Duration::from_millis(600));
    assert_eq!(server.log().matches("app reloaded").count(), before);
    server.stop();
}

#[test]
fn a_partially_written_component_is_retried() {
    let folder = Folder::new();
    folder.app("a.wasm", "a 1");
    let server = host()
        .serve(Some(&folder.path("a.wasm")))
        .args(["--watch"])
        .start_now();
    let new = fs::read(define(&app("a 2", &["/x"], serde_json::json!({})))).expect("a component");
    let (half, _) = new.split_at(new.len() / 2);
    fs::write(folder.path("a.wasm"), half).expect("a half");
    let line = server.logged("keeping the previous version");
    assert!(line.contains("ERROR"), "{line}");
    assert_eq!(found(&server, "a", "/x"), "a 1");
    // The warning is logged once, whatever else changes.
    folder.write("notes.txt", "nothing");
    thread::sleep(Duration::from_millis(600));
    assert_eq!(
        server.log().matches("keeping the previous version").count(),
        1,
        "{}",
        server.log()
    );
    fs::write(folder.path("a.wasm"), &new).expect("the whole");
    wait_for_answer(&server, "/x", "a 2");
    server.stop();
}

#[test]
fn an_error_is_logged_once_and_a_fix_applies_at_once() {
    let folder = Folder::new();
    folder.app("a.wasm", "a 1");
    let text = "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\npath = \"/a\"\n\
                [[app]]\nname = \"b\"\ncomponent = \"a.wasm\"\npath = \"/b\"\n";
    folder.config(text);
    let server = folder.serve(&["--watch"]);
    for (wrong, said) in [
        (text.replace("\"/b\"", "\"/a\""), "are both mounted at `/a`"),
        ("[[app".to_owned(), "is not valid TOML"),
        (
            format!("{text}[app.secrets]\nkey = \"file:none\"\n"),
            "failed to read the secret",
        ),
    ] {
        folder.config(&wrong);
        let _ = server.logged(said);
        for number in 0..2 {
            folder.write("notes.txt", &format!("{number}"));
            thread::sleep(Duration::from_millis(400));
        }
        assert_eq!(server.log().matches(said).count(), 1, "{}", server.log());
        assert_eq!(found(&server, "a", "/b/x"), "a 1");
    }
    // A component that was rejected together with others may be valid in another configuration.
    folder.config(
        &text
            .replace("\"/b\"", "\"/a\"")
            .replacen("\"/a\"", "\"/c\"", 1),
    );
    wait_for_answer(&server, "/c/x", "a 1");
    assert_eq!(found(&server, "a", "/a/x"), "a 1");
    assert_eq!(ask(&server, "a", "/b/x").0, 404);
    server.stop();
}

#[test]
fn components_of_a_directory_are_added_and_removed() {
    let folder = Folder::new();
    folder.app("a.wasm", "a 1");
    let server = host()
        .serve(Some(folder.0.path()))
        .args(["--watch"])
        .start_now();
    folder.app("b.wasm", "b 1");
    wait_for_answer(&server, "/b/x", "b 1");
    fs::remove_file(folder.path("a.wasm")).expect("an existing file");
    let _ = server.logged("app removed");
    assert_eq!(ask(&server, "a", "/a/x").0, 404);
    fs::remove_file(folder.path("b.wasm")).expect("an existing file");
    let _ = server.logged("reload failed; all apps are unchanged");
    assert_eq!(found(&server, "a", "/b/x"), "b 1");
    server.stop();
}
