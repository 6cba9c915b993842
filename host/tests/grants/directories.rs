//! Directories granted to an app.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::{AppDirectory, act_err, act_ok};

fn directory() -> AppDirectory {
    let directory = AppDirectory::new();
    for folder in ["data", "read"] {
        fs::create_dir(directory.path(folder)).expect("a folder");
        fs::write(directory.path(folder).join("a.txt"), "hello").expect("a file");
    }
    fs::write(directory.path("secret.txt"), "secret").expect("a file");
    directory
}

const BOTH: &str = "directories = [{ host = \"data\", guest = \"/data\", write = true }, { host = \"read\", guest = \"/read\" }]";

#[test]
fn only_granted_directories_are_visible() {
    let directory = directory();
    let server = directory.serve("");
    for path in ["/", ".", "/data/a.txt", "/etc/passwd", "a.txt"] {
        act_err(&server, json!({"do": "read", "path": path}));
        act_err(&server, json!({"do": "folder", "path": path}));
    }
    server.stop();
}

#[test]
fn writable_directories_can_be_read_and_written() {
    let directory = directory();
    let server = directory.serve(BOTH);
    for folder in ["/data", "/read"] {
        let path = format!("{folder}/a.txt");
        assert_eq!(
            act_ok(&server, json!({"do": "read", "path": path})),
            "hello"
        );
        assert_eq!(
            act_ok(&server, json!({"do": "folder", "path": folder})),
            json!(["a.txt"])
        );
    }
    act_ok(
        &server,
        json!({"do": "write", "path": "/data/b.txt", "text": "new"}),
    );
    let written = fs::read_to_string(directory.path("data/b.txt"));
    assert_eq!(written.expect("the file"), "new");
    server.stop();
}

#[test]
fn a_read_only_directory_cannot_be_written() {
    let directory = directory();
    let server = directory.serve(BOTH);
    for path in ["/read/b.txt", "/read/a.txt"] {
        let why = act_err(&server, json!({"do": "write", "path": path, "text": "new"}));
        assert!(why.contains("ermi") || why.contains("denied"), "{why}");
    }
    assert_eq!(fs::read_dir(directory.path("read")).expect("it").count(), 1);
    let kept = fs::read_to_string(directory.path("read/a.txt"));
    assert_eq!(kept.expect("the file"), "hello");
    server.stop();
}

#[test]
fn paths_cannot_leave_a_directory() {
    let directory = directory();
    symlink("../secret.txt", directory.path("data/near")).expect("a link");
    symlink(directory.path("secret.txt"), directory.path("data/far")).expect("a link");
    symlink("/", directory.path("data/root")).expect("a link");
    let server = directory.serve(BOTH);
    for path in [
        "/data/../secret.txt",
        "/data/near",
        "/data/far",
        "/data/root/etc/hostname",
        "/secret.txt",
        "../secret.txt",
    ] {
        act_err(&server, json!({"do": "read", "path": path}));
    }
    server.stop();
}

#[test]
fn flags_grant_directories() {
    let directory = directory();
    let data = directory.path("data").display().to_string();
    let server = directory.serve_with("", &["--dir", &format!("{data}:/d:ro"), "--dir", &data]);
    assert_eq!(
        act_ok(&server, json!({"do": "read", "path": "/d/a.txt"})),
        "hello"
    );
    act_err(&server, json!({"do": "write", "path": "/d/b", "text": ""}));
    let path = format!("{data}/b");
    act_ok(&server, json!({"do": "write", "path": path, "text": ""}));
    server.stop();
}

#[test]
fn a_granted_directory_must_exist() {
    let directory = directory();
    let file = "[grants]\nconfig = {}\nkeyvalue.default = \"kv.redb\"\ndirectories = [{ host = \"no\", guest = \"/no\" }]";
    let said = directory.refused(file);
    assert_eq!(
        said,
        "error: failed to open the folder `FOLDER/no`, which `APP` mounts at `/no`: No such file or directory (os error 2)"
    );
}
