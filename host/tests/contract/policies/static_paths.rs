//! Paths of static files: which paths name files, and which directories may be served.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::App;
use super::static_files::{app, folder, mounted, serve};

#[test]
fn paths_cannot_leave_the_directory() {
    let root = folder();
    let server = serve(&app(mounted()), &root);
    let mut wire = server.wire();
    for path in [
        "/public/../secret.txt",
        "/public/%2e%2e/secret.txt",
        "/public/..%2fsecret.txt",
        "/public/%2e%2e%2fsecret.txt",
        "/public/..%5csecret.txt",
        "/public/%252e%252e/secret.txt",
        "/public/app/../../secret.txt",
        "/public/./../secret.txt",
        "/public//etc/passwd",
        "/public/%2Fetc%2Fpasswd",
        "/public/etc/passwd",
        "/public/absolute.txt",
        "/public/relative.txt",
        "/public/.env",
        "/public/%2eenv",
        "/public/.git/config",
        "/public/hello.txt%00",
        "/public/hello.txt%00.html",
        "/public/%ff",
        "/public/hello.txt/",
        "/public/hello.txt/x",
        "/publichello.txt",
        "/public/nothing",
        "/public/../public/.env",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let response = wire.ask(&format!("{method} {path} HTTP/1.1\r\nhost: a"));
            assert_eq!(response.status, 404, "{method} {path}: {}", response.text());
            assert!(!response.text().contains("hunter2"), "{path}");
        }
    }
    let long = "a/".repeat(10_000);
    for path in [
        format!("/public/{long}"),
        format!("/public/{}", "a".repeat(5000)),
    ] {
        assert_eq!(
            wire.ask(&format!("GET {path} HTTP/1.1\r\nhost: a")).status,
            404
        );
    }
    let log = server.stop().log;
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

/// A path without a route must not reach a file that a route guards.
#[test]
fn a_guarded_directory_has_no_alternative_path() {
    let root = folder();
    let write = |path: &str| {
        let path = root.path().join("public").join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, "hunter2").expect("a file");
    };
    write("admin/secret.txt");
    write("admin/index.html");
    let key = json!({"api_key": {"keys": ["k"]}});
    for prefix in ["/", "/public"] {
        let mut settings = mounted();
        settings["static"][0]["prefix"] = json!(prefix);
        let below = prefix.trim_end_matches('/');
        let guard: &'static str = match prefix {
            "/" => "/admin/{*rest}",
            _ => "/public/admin/{*rest}",
        };
        let server = App::new(settings)
            .route("GET", guard, key.clone())
            .serve(&["--static-root", root.path().to_str().expect("a path")]);
        let mut wire = server.wire();
        for (path, status) in [
            ("/admin/secret.txt", 401),
            ("/%61dmin/secret.txt", 401),
            ("/admin%2Fsecret.txt", 404),
            ("/admin%2fsecret.txt", 404),
            ("/admin%5Csecret.txt", 404),
            ("/./admin/secret.txt", 404),
            ("/%2e/admin/secret.txt", 404),
            ("/%2E/admin/secret.txt", 404),
            ("/app/../admin/secret.txt", 404),
            ("/app/%2e%2e/admin/secret.txt", 404),
            ("/app/..%2Fadmin/secret.txt", 404),
            ("//admin/secret.txt", 404),
            ("/admin/", 404),
            ("/admin%2F", 404),
            ("/%61dmin/", 404),
        ] {
            for target in [format!("{below}{path}"), format!("http://a{below}{path}")] {
                let get = wire.ask(&format!("GET {target} HTTP/1.1\r\nhost: a"));
                assert_eq!(get.status, status, "{target}: {}", get.text());
                assert!(!get.text().contains("hunter2"), "{target}");
                let range = wire.ask(&format!(
                    "GET {target} HTTP/1.1\r\nhost: a\r\nrange: bytes=0-1"
                ));
                assert_eq!(range.status, status, "{target}");
            }
        }
        let client = server.client();
        for target in ["/admin%2Fsecret.txt", "/%2e/admin/secret.txt"] {
            let target = format!("{below}{target}");
            let head = client.send("HEAD", &target, &[], b"");
            assert_eq!((head.status, head.header("etag")), (404, ""), "{target}");
        }
        assert_eq!(client.get(&format!("{below}/app/")).status, 200);
        server.stop();
    }
}

#[test]
fn static_directories_must_be_granted() {
    let root = folder();
    let path = root.path().to_str().expect("a path");
    let refused = app(mounted()).refused(&[]);
    assert!(refused.contains("pass `--static-root FOLDER`"), "{refused}");
    let mut settings = mounted();
    settings["static"][0]["folder"] = json!("elsewhere");
    let refused = app(settings).refused(&["--static-root", path]);
    assert!(refused.contains("static folder `elsewhere`"), "{refused}");
    let nowhere = format!("{path}/nowhere");
    let refused = app(mounted()).refused(&["--static-root", &nowhere]);
    assert!(
        refused.contains("of `--static-root` cannot be opened"),
        "{refused}"
    );
    // A symbolic link must not leave the root either.
    symlink("/etc", root.path().join("link")).expect("a link");
    let mut settings = mounted();
    settings["static"][0]["folder"] = json!("link");
    let refused = app(settings).refused(&["--static-root", path]);
    assert!(refused.contains("static folder `link`"), "{refused}");
    settings = mounted();
    settings["static"][0]["folder"] = json!("../public");
    let refused = app(settings).refused(&["--static-root", path]);
    assert!(refused.contains("is not a plain path"), "{refused}");
}
