//! Which app a request is routed to, and the path that the app sees.

use serde_json::json;

use super::{Folder, app, ask, found};
use crate::support::Lane;

#[test]
fn requests_are_routed_by_host_and_prefix() {
    let folder = Folder::new();
    folder.app("root.wasm", "root");
    folder.app("shop.wasm", "shop");
    folder.define("admin.wasm", app("admin", &["/", "/x"], json!({})));
    folder.config(
        "[[app]]\nname = \"root\"\ncomponent = \"root.wasm\"\nhost = \"*.example.com\"\n\
         [[app]]\nname = \"shop\"\ncomponent = \"shop.wasm\"\npath = \"/shop\"\n\
         [[app]]\nname = \"admin\"\ncomponent = \"admin.wasm\"\nhost = \"shop.example.com\"\npath = \"/shop/admin/\"\n",
    );
    let server = folder.serve(&[]);
    let lines = server.line();
    assert!(lines.starts_with("serving 3 apps at http://"), "{lines}");
    for (host, path, text) in [
        ("a.example.com", "/", "root"),
        ("A.b.EXAMPLE.com:80", "/x", "root"),
        ("localhost", "/shop", "shop"),
        ("localhost", "/shop/", "shop"),
        ("localhost", "/shop/x?y=1", "shop"),
        ("localhost", "/%73hop/x", "shop"),
        ("shop.example.com", "/shop/admin", "admin"),
        ("shop.example.com", "/shop/admin/x", "admin"),
        ("shop.example.com", "/x", "root"),
    ] {
        assert_eq!(found(&server, host, path), text, "{host} {path}");
    }
    for (host, path) in [
        ("localhost", "/"),
        ("localhost", "/shopping"),
        ("localhost", "/shop/none"),
        ("example.com", "/"),
        ("a.example.com", "/shop/x"),
    ] {
        assert_eq!(ask(&server, host, path).0, 404, "{host} {path}");
    }
    // An absolute-form target and the `:authority` of HTTP/2 name the host.
    let absolute = "GET http://shop.example.com/shop/admin/x HTTP/1.1\r\nhost: localhost";
    assert_eq!(server.wire().ask(absolute).text(), "admin");
    let problem = server.client().get("/").problem(404);
    assert_eq!(problem["title"], "Not Found");
    let mut wire = server.wire();
    wire.send("HEAD / HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(wire.head_response().status, 404);
    server.stop();
}

#[test]
fn an_app_sees_paths_relative_to_its_prefix() {
    let folder = Folder::new();
    let component = Lane::Rust.guest("faulty");
    let component = component.display();
    folder.config(&format!(
        "[[app]]\nname = \"a\"\ncomponent = \"{component}\"\npath = \"/deep/er\"\n"
    ));
    let server = folder.serve(&[]);
    let mut wire = server.wire();
    wire.send(
        "POST /deep/er/request/a%2Fb/c?x=%41 HTTP/1.1\r\nhost: a\r\nx-text: one\r\n\
         x-forwarded-prefix: /other\r\ncontent-length: 1\r\n\r\nx",
    );
    let response = wire.response();
    assert_eq!(response.status, 200, "{}", response.text());
    let seen: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
    assert_eq!(seen["path"], "/request/a%2Fb/c");
    assert_eq!(
        (&seen["query"], &seen["rest"]),
        (&json!("x=%41"), &json!("a/b/c"))
    );
    // The log has the path that the client sent, and the name of the app.
    let line = server.logged("/deep/er/request/");
    assert!(
        line.contains("app=\"a\"") && line.contains("path=\"/deep/er/request/a%2Fb/c\""),
        "{line}"
    );
    server.stop();
}

#[test]
fn built_in_routes_are_below_the_prefix() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("files/public")).expect("a folder");
    folder.write("files/public/index.html", "index");
    let settings = json!({
        "trailing_slash": "redirect",
        "static": [{"prefix": "/public", "folder": "public", "index": true}],
    });
    folder.define("a.wasm", app("a", &["/x"], settings));
    folder.config(
        "[[app]]\nname = \"a\"\ncomponent = \"a.wasm\"\npath = \"/a\"\nstatic_root = \"files\"\n\
         [[app]]\nname = \"b\"\ncomponent = \"a.wasm\"\npath = \"/b\"\nopenapi = false\nstatic_root = \"files\"\n",
    );
    let server = folder.serve(&[]);
    let client = server.client();
    let moved = client.get("/a/x/?q=1");
    assert_eq!((moved.status, moved.header("location")), (308, "/a/x?q=1"));
    let moved = client.get("/a/public");
    assert_eq!(
        (moved.status, moved.header("location")),
        (307, "/a/public/")
    );
    assert_eq!(client.get("/a/public/").text(), "index");
    let document = client.get("/a/openapi.json").json();
    assert_eq!(document["servers"], json!([{"url": "/a"}]));
    let page = client.get("/a/docs");
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("\"/docs"), "{}", page.text());
    for path in ["/openapi.json", "/docs", "/b/openapi.json", "/b/docs"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
    server.stop();
}

#[test]
fn a_single_app_is_mounted_at_the_root() {
    let folder = Folder::new();
    folder.app("a.wasm", "a");
    folder.config("[serve]\napp = \"a.wasm\"\n");
    let server = folder.serve(&[]);
    assert!(
        server.line().starts_with("serving a 1 at http://"),
        "{}",
        server.line()
    );
    assert_eq!(found(&server, "whatever", "/x"), "a");
    let line = server.logged("path=\"/x\"");
    assert!(!line.contains("app="), "{line}");
    server.stop();
}

#[test]
fn a_directory_of_components_serves_several_apps() {
    let folder = Folder::new();
    folder.app("first.wasm", "first");
    folder.app("Second_one.wasm", "second");
    folder.write("read.me", "no component");
    let serve = || crate::support::host().serve(Some(folder.0.path()));
    let server = serve().start_now();
    assert!(
        server.line().starts_with("serving 2 apps"),
        "{}",
        server.line()
    );
    assert_eq!(found(&server, "a", "/first/x"), "first");
    assert_eq!(found(&server, "a", "/second-one"), "second");
    assert_eq!(ask(&server, "a", "/").0, 404);
    server.stop();
    // A `spikard.toml` in the directory takes precedence.
    folder.config("[[app]]\nname = \"one\"\ncomponent = \"first.wasm\"\npath = \"/one\"\n");
    let server = serve().start_now();
    assert_eq!(found(&server, "a", "/one/x"), "first");
    assert_eq!(ask(&server, "a", "/first/x").0, 404);
    server.stop();
}
