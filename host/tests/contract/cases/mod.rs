//! The cases that every test client runs too, over HTTP in every language.

mod case;

use std::path::Path;

use serde_json::json;
use spikard_wasm_testing::{Server, Wire, define};

use self::case::{Answer, CaseFile, CaseRequest, Part, files};
use crate::support::{Lane, host, on_every_lane};

on_every_lane!(contract, faulty, target);

/// For a longer body the client sends `Expect: 100-continue`, as curl does, so that the
/// rejection arrives before the connection closes.
const LONG: usize = 1 << 20;
const BOUNDARY: &str = "----cases";

fn contract(lane: Lane) {
    serve(lane, "contract");
}

fn faulty(lane: Lane) {
    serve(lane, "faulty");
}

fn target(lane: Lane) {
    serve(lane, "target");
}

#[test]
fn slashes() {
    let routes = [("GET", "/a"), ("POST", "/items/{id}"), ("GET", "/folder/")];
    let routes = routes.map(|(method, path)| json!({"method": method, "path": path}));
    let settings = json!({"trailing_slash": "redirect"}).to_string();
    let app = json!({"name": "slashes", "settings": settings, "routes": routes});
    let component = define(&json!({"app": app, "reply": [200, "", "fine"]}));
    for file in cases("slashes") {
        let server = host().serve(Some(&component)).start();
        file.run("slashes", |request| ask(&server, request));
        server.stop();
    }
}

#[test]
fn there_are_cases_for_every_kind_of_refusal() {
    let apps = ["contract", "faulty", "target", "slashes"];
    let all: Vec<_> = apps.into_iter().flat_map(cases).collect();
    let cases = all.iter().flat_map(|file| &file.cases);
    assert!(cases.clone().count() >= 80);
    for status in [308, 400, 401, 403, 404, 405, 413, 415, 422, 429, 500] {
        let mut statuses = cases.clone().map(|case| case.reply.status);
        assert!(statuses.any(|known| known == status), "{status}");
    }
}

fn cases(app: &str) -> Vec<CaseFile> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/contract/cases");
    files(Path::new(folder), app)
}

fn serve(lane: Lane, app: &str) {
    for file in cases(app) {
        // One worker with one reused instance, so that what an instance counts is known.
        let mut serve =
            host()
                .serve(Some(&lane.guest(app)))
                .args(["--workers", "1", "--max-instances", "2"]);
        for (name, value) in &file.secrets {
            let variable = format!("CASES_{}", name.replace('-', "_"));
            let secret = format!("{name}=env:{variable}");
            serve = serve
                .args(["--secret", secret.as_str()])
                .env(&variable, value);
        }
        let server = serve.start();
        let language = match lane {
            Lane::Rust => "rust",
            Lane::StarlingMonkey | Lane::QuickJs => "js",
            Lane::Python => "python",
        };
        file.run(&format!("{app}-{language}"), |request| {
            ask(&server, request)
        });
        server.stop();
    }
}

fn ask(server: &Server, request: &CaseRequest) -> Answer {
    let CaseRequest { method, target, .. } = request;
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: a\r\n");
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let body = request.body.as_ref().map(|body| match &body.parts {
        Some(parts) => (
            format!("multipart/form-data; boundary={BOUNDARY}"),
            multipart(parts),
        ),
        None => body.bytes(),
    });
    let (kind, body) = body.unwrap_or_default();
    if !kind.is_empty() {
        head += &format!("content-type: {kind}\r\n");
    }
    if !body.is_empty() {
        head += &format!("content-length: {}\r\n", body.len());
    }
    let mut wire = server.wire();
    let read = if method == "HEAD" {
        Wire::head_response
    } else {
        Wire::response
    };
    let mut response;
    if body.len() > LONG {
        wire.send(head + "expect: 100-continue\r\n\r\n");
        response = read(&mut wire);
        if response.status == 100 {
            wire.send(body);
            response = read(&mut wire);
        }
    } else {
        wire.send([head.as_bytes(), b"\r\n", &body].concat());
        response = read(&mut wire);
    }
    Answer {
        status: response.status,
        headers: response.headers,
        body: response.body,
    }
}

fn multipart(parts: &[Part]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        let Part {
            name,
            filename,
            kind,
            ..
        } = part;
        let mut head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"");
        if let Some(filename) = filename {
            head += &format!("; filename=\"{filename}\"\r\ncontent-type: {kind}");
        }
        body.extend(head.into_bytes());
        body.extend(b"\r\n\r\n");
        body.extend(part.bytes());
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}
