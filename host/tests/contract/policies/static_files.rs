//! Static files.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use flate2::write::GzEncoder;
use serde_json::{Value, json};
use spikard_wasm_testing::{Response, Server};
use tempfile::{TempDir, tempdir};

use super::App;
use super::compression::decoded;

/// Creates a directory with `public` in it and a secret next to it.
pub(super) fn folder() -> TempDir {
    let root = tempdir().expect("a folder");
    let write = |path: &str, text: &[u8]| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("secret.txt", b"hunter2");
    write("public/hello.txt", b"Hello from static storage");
    write("public/.env", b"hunter2");
    write("public/.git/config", b"hunter2");
    write("public/.well-known/security.txt", b"Contact: a");
    write("public/app/index.html", b"<h1>Welcome</h1>");
    write("public/empty/file.txt", b"");
    write("public/a b\u{e9}.txt", b"odd");
    write("public/style.css", b"h1 { color: red; }");
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"h1 { color: red; }").expect("gzip");
    write("public/style.css.gz", &packed.finish().expect("gzip"));
    write(
        "public/big.txt",
        "0123456789abcdef".repeat(20_000).as_bytes(),
    );
    let link = |target: &Path, name: &str| {
        symlink(target, root.path().join("public").join(name)).expect("a link");
    };
    link(&root.path().join("secret.txt"), "absolute.txt");
    link(Path::new("../secret.txt"), "relative.txt");
    link(Path::new("/etc"), "etc");
    link(Path::new("hello.txt"), "inside.txt");
    root
}

pub(super) fn app(settings: Value) -> App {
    App::new(settings)
        .route("GET", "/public/route", json!({}))
        .route("POST", "/public/post", json!({}))
}

pub(super) fn serve(app: &App, root: &TempDir) -> Server {
    app.serve(&["--static-root", root.path().to_str().expect("a path")])
}

pub(super) fn mounted() -> Value {
    json!({"static": [{"prefix": "/public", "folder": "public", "cache_control": "public, max-age=60",
        "index": true, "precompressed": true}]})
}

#[test]
fn files_are_served_with_their_types_and_validators() {
    let root = folder();
    let server = serve(&app(mounted()), &root);
    let client = server.client();
    let file = client.get("/public/hello.txt");
    assert_eq!(
        (file.status, file.text().as_str()),
        (200, "Hello from static storage")
    );
    assert_eq!(file.header("content-type"), "text/plain");
    assert_eq!(file.header("cache-control"), "public, max-age=60");
    assert_eq!(file.header("accept-ranges"), "bytes");
    assert_eq!(file.header("content-length"), "25");
    let head = client.send("HEAD", "/public/hello.txt", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-length", "etag", "last-modified", "content-type"] {
        assert_ne!(file.header(name), "", "{name}");
        assert_eq!(head.header(name), file.header(name), "{name}");
    }
    let ask =
        |name: &str, value: &str| client.send("GET", "/public/hello.txt", &[(name, value)], b"");
    for (name, value, status) in [
        ("if-none-match", file.header("etag"), 304),
        ("if-none-match", "\"other\", *", 200),
        ("if-none-match", "*", 304),
        ("if-modified-since", file.header("last-modified"), 304),
        ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("if-match", file.header("etag"), 200),
        ("if-match", "\"other\"", 412),
        ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT", 412),
        ("if-modified-since", "yesterday", 200),
    ] {
        let response = ask(name, value);
        assert_eq!(response.status, status, "{name}: {value}");
        if status == 412 {
            let _ = response.problem(412);
        }
    }
    let unchanged = ask("if-none-match", file.header("etag"));
    assert_eq!(unchanged.header("etag"), file.header("etag"));
    assert_eq!(unchanged.header("cache-control"), "public, max-age=60");
    assert_eq!(client.get("/public/a%20b%C3%A9.txt").text(), "odd");
    assert_eq!(client.get("/%70ublic/%68ello.txt").status, 200);
    assert_eq!(client.get("/public/inside.txt").status, 200);
    assert_eq!(client.get("/public/.well-known/security.txt").status, 200);
    assert_eq!(client.get("/public/empty/file.txt").text(), "");
    server.stop();
}

#[test]
fn ranges() {
    let root = folder();
    let server = serve(&app(mounted()), &root);
    let client = server.client();
    let tag = client.get("/public/hello.txt").header("etag").to_owned();
    let get = |headers: &[(&str, &str)]| client.send("GET", "/public/hello.txt", headers, b"");
    for (range, expected) in [
        ("bytes=0-4", "Hello"),
        ("Bytes=0-4", "Hello"),
        ("bytes=-7", "storage"),
        ("bytes=18-", "storage"),
        ("bytes=18-999", "storage"),
    ] {
        let response = get(&[("range", range)]);
        assert_eq!(
            (response.status, response.text().as_str()),
            (206, expected),
            "{range}"
        );
        assert!(response.header("content-range").ends_with("/25"), "{range}");
        assert_eq!(
            response.header("content-length"),
            expected.len().to_string()
        );
    }
    let past = get(&[("range", "bytes=25-")]);
    let _ = past.problem(416);
    assert_eq!(past.header("content-range"), "bytes */25");
    for (range, expected) in [
        ("bytes=-500", "bytes 0-24/25"),
        ("bytes=-26", "bytes 0-24/25"),
        ("bytes=00-04", "bytes 0-4/25"),
        ("bytes=0-4,", "bytes 0-4/25"),
        ("bytes=,0-4", "bytes 0-4/25"),
        ("bytes=0-99999999999999999999", "bytes 0-24/25"),
    ] {
        let response = get(&[("range", range)]);
        let seen = (response.status, response.header("content-range"));
        assert_eq!(seen, (206, expected), "{range}");
    }
    let empty =
        |range: &str| client.send("GET", "/public/empty/file.txt", &[("range", range)], b"");
    let refused = empty("bytes=0-");
    let _ = refused.problem(416);
    assert_eq!(refused.header("content-range"), "bytes */0");
    assert_eq!(empty("bytes=-1").status, 200);
    // Other units and several ranges are ignored; an invalid range may be rejected.
    for odd in ["lines=1-2", "bytes", "x", "bytes=0-1, 5-6", "bytes =0-1"] {
        assert_eq!(get(&[("range", odd)]).status, 200, "{odd}");
    }
    for odd in [
        "bytes=",
        "bytes=a-b",
        "bytes=5-1",
        "bytes=-",
        "bytes=99999999999999999999-",
    ] {
        let _ = get(&[("range", odd)]).problem(416);
    }
    let part = |condition: &str| get(&[("range", "bytes=0-4"), ("if-range", condition)]).status;
    assert_eq!(part(&tag), 206);
    assert_eq!(part("\"another\""), 200);
    // The file of a resumed download has become shorter: the client gets the new file.
    let resumed = |condition: &str| get(&[("range", "bytes=100-"), ("if-range", condition)]);
    let whole = resumed("\"nope\"");
    let seen = (whole.status, whole.text());
    assert_eq!(seen, (200, "Hello from static storage".to_owned()));
    let _ = resumed(&tag).problem(416);
    assert_eq!(part("Thu, 01 Jan 1970 00:00:00 GMT"), 200);
    let head = client.send("HEAD", "/public/hello.txt", &[("range", "bytes=0-4")], b"");
    assert_eq!((head.status, head.header("content-length")), (200, "25"));
    server.stop();
}

#[test]
fn directories_have_an_index() {
    let root = folder();
    let mut settings = mounted();
    settings["static"][0]["prefix"] = json!("/");
    settings["static"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"prefix": "/app", "folder": "public/app", "index": true}));
    let server = serve(&app(settings), &root);
    let client = server.client();
    let page = client.get("/app/");
    assert_eq!(
        (page.status, page.text().as_str()),
        (200, "<h1>Welcome</h1>")
    );
    assert_eq!(page.header("content-type"), "text/html");
    for (target, location) in [("/app?a=b", "/app/?a=b"), ("/app", "/app/")] {
        let redirect = client.get(target);
        assert_eq!(
            (redirect.status, redirect.header("location")),
            (307, location)
        );
    }
    for target in ["/", "/empty/", "//app", "//app/", "/app//", "/hello.txt/"] {
        assert_eq!(client.get(target).status, 404, "{target}");
    }
    assert_eq!(client.get("/hello.txt").status, 200);
    server.stop();
    // Without an index, a directory is 404.
    let mut settings = mounted();
    settings["static"][0]["index"] = json!(false);
    let server = serve(&app(settings), &root);
    for target in ["/public", "/public/", "/public/app", "/public/app/"] {
        assert_eq!(server.client().get(target).status, 404, "{target}");
    }
    server.stop();
}

#[test]
fn repeated_conditional_headers_are_one_list() {
    let root = folder();
    let server = serve(&app(mounted()), &root);
    let client = server.client();
    let tag = client.get("/public/hello.txt").header("etag").to_owned();
    for (name, first, second, status) in [
        ("if-none-match", "\"nope\"", tag.as_str(), 304),
        ("if-none-match", &tag, "\"nope\"", 304),
        ("if-none-match", "\"nope\"", "\"other\"", 200),
        ("if-match", "\"nope\"", &tag, 200),
        ("if-match", "\"nope\"", "\"other\"", 412),
    ] {
        let headers = [(name, first), (name, second)];
        let response = client.send("GET", "/public/hello.txt", &headers, b"");
        assert_eq!(response.status, status, "{name}: {first} {second}");
    }
    server.stop();
}

#[test]
fn routes_take_precedence_and_policies_apply() {
    let root = folder();
    fs::write(root.path().join("public/route"), "file").expect("a file");
    fs::write(root.path().join("public/post"), "file").expect("a file");
    let mut settings = mounted();
    settings["api_key"] = json!({"keys": ["k"]});
    settings["security_headers"] = json!(true);
    settings["cors"] = json!({"origins": ["https://a.example"]});
    let server = serve(&app(settings), &root);
    let client = server.client();
    let ask = |method: &str, target: &str| {
        let headers = [("x-api-key", "k"), ("origin", "https://a.example")];
        client.send(method, target, &headers, b"")
    };
    assert_eq!(ask("GET", "/public/route").text(), "fine");
    // A path with a route is not a file for other methods.
    assert_eq!(ask("GET", "/public/post").status, 405);
    let file = ask("GET", "/public/hello.txt");
    assert_eq!(file.status, 200);
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert_eq!(
        file.header("access-control-allow-origin"),
        "https://a.example"
    );
    assert_eq!(client.get("/public/hello.txt").status, 401);
    let refused = ask("DELETE", "/public/hello.txt");
    let _ = refused.problem(405);
    assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
    let options = ask("OPTIONS", "/public/hello.txt");
    assert_eq!(
        (options.status, options.header("allow")),
        (204, "GET, HEAD, OPTIONS")
    );
    let headers = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "GET"),
    ];
    let preflight = client.send("OPTIONS", "/public/hello.txt", &headers, b"");
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        "GET, HEAD, OPTIONS"
    );
    server.stop();
}

#[test]
fn precompressed_files_and_compression() {
    let root = folder();
    let mut settings = mounted();
    settings["compression"] = json!(true);
    let server = serve(&app(settings), &root);
    let client = server.client();
    let ask = |target: &str, accept: &str| -> Response {
        client.send("GET", target, &[("accept-encoding", accept)], b"")
    };
    let packed = ask("/public/style.css", "gzip, br;q=0.1");
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("content-type"), "text/css");
    assert_eq!(decoded(&packed), b"h1 { color: red; }");
    let plain = ask("/public/style.css", "identity");
    assert_eq!(plain.header("content-encoding"), "");
    assert_ne!(plain.header("etag"), packed.header("etag"));
    let text = "0123456789abcdef".repeat(20_000);
    for coding in ["gzip", "br", "zstd"] {
        let big = ask("/public/big.txt", coding);
        assert_eq!(big.header("content-encoding"), coding);
        assert!(big.body.len() < 20_000, "{}", big.body.len());
        assert_eq!(decoded(&big), text.as_bytes());
        let tag = big.header("etag");
        assert!(tag.starts_with("W/"), "{tag}");
        let headers = [("accept-encoding", coding), ("if-none-match", tag)];
        let unchanged = client.send("GET", "/public/big.txt", &headers, b"");
        assert_eq!((unchanged.status, unchanged.header("etag")), (304, tag));
        let head = client.send("HEAD", "/public/big.txt", &headers[..1], b"");
        assert_eq!(
            (head.status, head.header("content-encoding")),
            (200, coding)
        );
        assert_eq!(head.header("content-length"), "");
    }
    let range = [("accept-encoding", "gzip"), ("range", "bytes=0-2000")];
    let part = client.send("GET", "/public/big.txt", &range, b"");
    assert_eq!((part.status, part.header("content-encoding")), (206, ""));
    assert_eq!(part.body.len(), 2001);
    server.stop();
}

/// A GET and a HEAD of a file and their 304 responses agree on headers.
#[test]
fn head_and_304_have_the_headers_of_get() {
    let root = folder();
    let middle = "words that come again; ".repeat(200);
    fs::write(root.path().join("public/middle.txt"), middle).expect("a file");
    for compression in [false, true] {
        let mut settings = mounted();
        settings["compression"] = json!(compression);
        let server = serve(&app(settings), &root);
        let client = server.client();
        for (target, accept) in [
            ("/public/style.css", "gzip"),
            ("/public/style.css", "gzip;Q=0"),
            ("/public/middle.txt", "identity"),
            ("/public/middle.txt", "gzip"),
            ("/public/middle.txt", "br"),
            ("/public/middle.txt", "zstd"),
        ] {
            let what = format!("{target} {accept} {compression}");
            let accept = ("accept-encoding", accept);
            let get = client.send("GET", target, &[accept], b"");
            let head = client.send("HEAD", target, &[accept], b"");
            assert_eq!((get.status, head.status), (200, 200), "{what}");
            for name in ["content-encoding", "content-type", "etag", "vary"] {
                assert_eq!(head.header(name), get.header(name), "{what} {name}");
            }
            // The length of a compressed body is unknown without the body.
            let length = head.header("content-length");
            let is_left_out = length.is_empty() && !head.header("content-encoding").is_empty();
            let is_same = length == get.header("content-length");
            assert!(is_same || is_left_out, "{what}: {length}");
            let vary = get.header("vary").to_ascii_lowercase();
            assert!(vary.contains("accept-encoding"), "{what}: {vary}");
            let condition = ("if-none-match", get.header("etag"));
            let unchanged = client.send("GET", target, &[accept, condition], b"");
            assert_eq!(unchanged.status, 304, "{what}");
            let vary = unchanged.header("vary").to_ascii_lowercase();
            assert!(vary.contains("accept-encoding"), "{what}: {vary}");
        }
        server.stop();
    }
}
