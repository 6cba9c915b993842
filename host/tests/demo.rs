//! The demo app that is embedded in the binary.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spikard_wasm_testing::root;

use crate::support::host;

#[test]
fn serve_without_an_app_serves_the_demo() {
    let server = host().serve(None).start();
    assert!(
        server.line().starts_with("serving demo "),
        "{}",
        server.line()
    );
    assert!(
        server.line().contains("this is the demo app"),
        "{}",
        server.line()
    );
    let client = server.client();
    let page = client.get("/");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let page = page.text();
    for path in ["/", "/hello/{name}", "/echo", "/sum", "/health"] {
        assert!(
            page.contains(&format!("<code>{path}</code>")),
            "`{path}` in {page}"
        );
    }
    assert!(
        page.contains("spikard-wasm build"),
        "what to do next: {page}"
    );
    assert!(
        page.contains(&format!("curl http://{}/echo", server.address())),
        "{page}"
    );
    // Every link of the page works.
    let links: Vec<String> = page
        .split("<a href=\"/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|target| format!("/{}", target.replace("&amp;", "&")))
        .collect();
    assert!(links.len() >= 3, "{links:?}");
    for link in links {
        assert_eq!(client.get(&link).status, 200, "{link}");
    }
    assert_eq!(
        client.get("/hello/Ann?shout=true").json(),
        json!({"message": "HELLO, ANN!"})
    );
    assert_eq!(client.get("/sum?a=1&b=-3").json(), json!({"sum": -2}));
    assert_eq!(client.get("/health").json(), json!({"status": "ok"}));
    let body: Value = json!({"hello": ["world", 1.5, null]});
    assert_eq!(client.post_json("/echo", &body).json(), body);
    let _ = client.get("/sum?a=1&b=x").problem(422);
    server.stop();
}

/// The embedded component was built from the current sources.
#[test]
fn the_embedded_component_matches_its_sources() {
    let kept = root().join("host/cli/assets/demo.sources");
    let kept = fs::read_to_string(&kept)
        .unwrap_or_else(|error| panic!("`{}`: {error}; `scripts/demo` writes it", kept.display()));
    let mut files = Vec::new();
    for folder in ["examples/demo", "guests/rust", "wit"] {
        collect(&root(), Path::new(folder), &mut files);
    }
    files.sort_unstable();
    let now: String = files
        .iter()
        .map(|file| {
            let bytes = fs::read(root().join(file)).expect("a source file");
            let hash = Sha256::digest(bytes);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{hash}  {file}\n")
        })
        .collect();
    assert_eq!(
        kept, now,
        "the demo's sources have changed: run `scripts/demo` and commit the result"
    );
}

/// Collects the source files of a component below a directory.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(folder))
        .expect("a source folder")
        .flatten()
    {
        let path = folder.join(entry.file_name());
        let name = entry.file_name().to_string_lossy().into_owned();
        if root.join(&path).is_dir() {
            if name != "target" && name != "tests" {
                collect(root, &path, files);
            }
        } else if path.extension().is_some_and(|extension| {
            ["rs", "toml", "lock", "wit", "html"]
                .iter()
                .any(|known| extension == *known)
        }) {
            files.push(path.display().to_string());
        }
    }
}
