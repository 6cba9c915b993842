//! The OpenAPI document and its viewer, over HTTP.

use serde_json::{Value, json};
use spikard_wasm_testing::{Response, define};

use crate::support::{Lane, host, on_every_lane};

fn app(routes: &[(&str, &str)], settings: &Value) -> Value {
    let route = |(method, path): &(&str, &str)| json!({"method": method, "path": path});
    let routes: Vec<Value> = routes.iter().map(route).collect();
    json!({"app": {"name": "a <b>", "version": "1", "routes": routes, "settings": settings.to_string()}})
}

fn the_served_document_equals_that_of_the_command(lane: Lane) {
    let server = lane.serve("hello", &[]);
    let response = server.client().get("/openapi.json");
    assert_eq!(
        (response.status, response.header("content-type")),
        (200, "application/json")
    );
    let app = lane.guest("hello");
    let run = host().run(["openapi".as_ref(), app.as_os_str()]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let document: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(response.json(), document);
    assert_eq!(document["openapi"], "3.1.0");
    let post = &document["paths"]["/items"]["post"];
    let body = &post["requestBody"]["content"]["application/json"]["schema"];
    let body = match body["$ref"].as_str() {
        Some(name) => document.pointer(&name[1..]).expect("the schema"),
        None => body,
    };
    assert_eq!(body["properties"]["name"]["type"], "string", "{document:#}");
    for status in ["400", "413", "415", "422", "500"] {
        assert!(
            post["responses"].get(status).is_some(),
            "{status}: {post:#}"
        );
    }
    server.stop();
}

on_every_lane!(the_served_document_equals_that_of_the_command);

#[test]
fn a_conditional_request_for_the_document_is_304() {
    let server = Lane::Rust.serve("hello", &[]);
    let client = server.client();
    let get = |etag: &str| client.send("GET", "/openapi.json", &[("if-none-match", etag)], b"");
    let first = client.get("/openapi.json");
    let etag = first.header("etag");
    assert!(
        etag.starts_with("W/\"") && first.header("cache-control") == "no-cache",
        "{first:?}"
    );
    let second = get(etag);
    assert_eq!((second.status, second.body.len()), (304, 0));
    assert_eq!(second.header("etag"), etag);
    assert_eq!(get("\"other\"").status, 200);
    server.stop();
}

#[test]
fn other_methods_are_405_as_for_routes() {
    let server = Lane::Rust.serve("hello", &[]);
    let client = server.client();
    let get = client.get("/openapi.json");
    let mut wire = server.wire();
    wire.send("HEAD /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = wire.head_response();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some(get.header("content-length")))
    );
    let options = client.send("OPTIONS", "/docs", &[], b"");
    assert_eq!(
        (options.status, options.header("allow")),
        (204, "GET, HEAD, OPTIONS")
    );
    let post = client.post_json("/openapi.json", &json!({}));
    assert_eq!(post.header("allow"), "GET, HEAD, OPTIONS");
    let _ = post.problem(405);
    let _ = client.get("/docs/").problem(404);
    let _ = client.get("/docs/swagger-ui").problem(404);
    server.stop();
}

/// Returns every reference of the page that makes a browser fetch something.
fn references(page: &str) -> Vec<String> {
    let names = ["src=\"", "href=\"", "data-document=\""];
    let after = names.iter().flat_map(|name| page.split(name).skip(1));
    let values = after.filter_map(|rest| rest.split('"').next());
    values
        .filter(|value| !value.starts_with("data:"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_viewer_is_self_contained() {
    let settings = json!({"openapi": {"path": "/api/v1/spec.json", "docs": "/api/docs",
        "servers": [{"url": "https://a.example/v1"}, {"url": "/v1"}]}});
    let definition = define(&app(&[("GET", "/")], &settings));
    let server = host().serve(Some(&definition)).start();
    let client = server.client();
    let page = client.get("/api/docs");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(
        policy.contains("connect-src 'self' https://a.example;"),
        "{policy}"
    );
    let page = page.text();
    assert!(page.contains("<title>a &lt;b&gt;</title>"), "{page}");
    let references = references(&page);
    assert_eq!(references.len(), 5, "{references:?}");
    for reference in references {
        let path = reference.strip_prefix("./").expect("a relative reference");
        let plain = client.send(
            "GET",
            &format!("/api/{path}"),
            &[("accept-encoding", "identity")],
            b"",
        );
        assert_eq!(
            (plain.status, plain.header("content-encoding")),
            (200, ""),
            "{reference}"
        );
        assert!(!plain.body.is_empty());
        // The page's assets do not load external resources either.
        if path.ends_with(".css") {
            assert!(!plain.text().contains("url(http"), "{reference}");
        }
    }
    let packed = |encoding: &str| -> Response {
        client.send(
            "GET",
            "/api/docs/swagger-ui-bundle.js",
            &[("accept-encoding", encoding)],
            b"",
        )
    };
    assert_eq!(packed("br, gzip").header("content-encoding"), "gzip");
    assert_eq!(packed("gzip;q=0").header("content-encoding"), "");
    assert_eq!(packed("gzip").header("vary"), "accept-encoding");
    let document = client.get("/api/v1/spec.json").json();
    assert_eq!(document["servers"][0]["url"], "https://a.example/v1");
    let _ = client.get("/openapi.json").problem(404);
    server.stop();
}

#[test]
fn routes_of_the_app_take_precedence() {
    let definition = define(&app(
        &[("GET", "/openapi.json"), ("POST", "/docs")],
        &json!({}),
    ));
    let server = host().serve(Some(&definition)).start();
    let client = server.client();
    assert_eq!(client.get("/openapi.json").text(), "fine");
    assert_eq!(client.get("/docs").status, 405);
    server.stop();
}

#[test]
fn a_disabled_document_is_not_served() {
    let none = define(&app(&[("GET", "/")], &json!({"openapi": false})));
    let some = define(&app(&[("GET", "/")], &json!({})));
    for server in [
        host().serve(Some(&none)).start(),
        host().serve(Some(&some)).args(["--no-openapi"]).start(),
    ] {
        for path in ["/openapi.json", "/docs", "/docs/swagger-ui.css"] {
            let _ = server.client().get(path).problem(404);
        }
        assert_eq!(server.client().get("/").text(), "fine");
        server.stop();
    }
}
