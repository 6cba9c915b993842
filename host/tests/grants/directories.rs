//! The folders that are there for an app.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::{Place, done, failed};

fn place() -> Place {
    let place = Place::new();
    for folder in ["data", "read"] {
        fs::create_dir(place.path(folder)).expect("a folder");
        fs::write(place.path(folder).join("a.txt"), "hello").expect("a file");
    }
    fs::write(place.path("secret.txt"), "nobody's").expect("a file");
    place
}

const BOTH: &str = "directories = [{ host = \"data\", guest = \"/data\", write = true }, { host = \"read\", guest = \"/read\" }]";

#[test]
fn no_folder_is_there_that_is_not_granted() {
    let place = place();
    let server = place.serve("");
    for path in ["/", ".", "/data/a.txt", "/etc/passwd", "a.txt"] {
        failed(&server, json!({"do": "read", "path": path}));
        failed(&server, json!({"do": "folder", "path": path}));
    }
    server.stop();
}

#[test]
fn what_is_granted_can_be_read_and_written() {
    let place = place();
    let server = place.serve(BOTH);
    for folder in ["/data", "/read"] {
        let path = format!("{folder}/a.txt");
        assert_eq!(done(&server, json!({"do": "read", "path": path})), "hello");
        assert_eq!(
            done(&server, json!({"do": "folder", "path": folder})),
            json!(["a.txt"])
        );
    }
    done(
        &server,
        json!({"do": "write", "path": "/data/b.txt", "text": "new"}),
    );
    let written = fs::read_to_string(place.path("data/b.txt"));
    assert_eq!(written.expect("the file"), "new");
    server.stop();
}

#[test]
fn a_folder_to_read_is_not_written() {
    let place = place();
    let server = place.serve(BOTH);
    for path in ["/read/b.txt", "/read/a.txt"] {
        let why = failed(&server, json!({"do": "write", "path": path, "text": "new"}));
        assert!(why.contains("ermi") || why.contains("denied"), "{why}");
    }
    assert_eq!(fs::read_dir(place.path("read")).expect("it").count(), 1);
    let kept = fs::read_to_string(place.path("read/a.txt"));
    assert_eq!(kept.expect("the file"), "hello");
    server.stop();
}

#[test]
fn nobody_leaves_a_folder() {
    let place = place();
    symlink("../secret.txt", place.path("data/near")).expect("a link");
    symlink(place.path("secret.txt"), place.path("data/far")).expect("a link");
    symlink("/", place.path("data/root")).expect("a link");
    let server = place.serve(BOTH);
    for path in [
        "/data/../secret.txt",
        "/data/near",
        "/data/far",
        "/data/root/etc/hostname",
        "/secret.txt",
        "../secret.txt",
    ] {
        failed(&server, json!({"do": "read", "path": path}));
    }
    server.stop();
}

#[test]
fn flags_grant_folders_too() {
    let place = place();
    let data = place.path("data").display().to_string();
    let server = place.serve_with("", &["--dir", &format!("{data}:/d:ro"), "--dir", &data]);
    assert_eq!(
        done(&server, json!({"do": "read", "path": "/d/a.txt"})),
        "hello"
    );
    failed(&server, json!({"do": "write", "path": "/d/b", "text": ""}));
    let path = format!("{data}/b");
    done(&server, json!({"do": "write", "path": path, "text": ""}));
    server.stop();
}

#[test]
fn a_folder_must_be_there() {
    let place = place();
    let file = "[grants]\nconfig = {}\nkeyvalue.default = \"kv.redb\"\ndirectories = [{ host = \"no\", guest = \"/no\" }]";
    let said = place.refused(file);
    assert_eq!(
        said,
        "error: failed to open the folder `FOLDER/no`, which `APP` mounts at `/no`: No such file or directory (os error 2)"
    );
}
