//! Route matching, and responses for unmatched requests.

use crate::support::Lane;

const ALLOW: &str = "GET, HEAD, OPTIONS, POST";

#[test]
fn a_path_without_a_route_is_404() {
    let server = Lane::Rust.serve("faulty", &[]);
    let client = server.client();
    for target in [
        "/nothing",
        "/only/get/",
        "/only//get",
        "/ONLY/get",
        "/only/get%2F",
        "//",
    ] {
        let document = client.get(target).problem(404);
        assert_eq!(
            document["type"], "https://spikard.dev/errors/not-found",
            "{target}"
        );
    }
    server.stop();
}

#[test]
fn another_method_is_405_with_the_allowed_methods() {
    let server = Lane::Rust.serve("faulty", &[]);
    let client = server.client();
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let response = client.send(method, "/only/get", &[], b"");
        let _ = response.problem(405);
        assert_eq!(sorted(response.header("allow")), ALLOW, "{method}");
    }
    assert_eq!(client.get("/only/get").text(), "got");
    assert_eq!(client.post("/only/get", "text/plain", b"").text(), "posted");
    server.stop();
}

#[test]
fn options_lists_the_methods_of_a_path() {
    let server = Lane::Rust.serve("faulty", &[]);
    let response = server.client().send("OPTIONS", "/only/get", &[], b"");
    assert_eq!((response.status, response.body.len()), (204, 0));
    assert_eq!(sorted(response.header("allow")), ALLOW);
    let _ = server
        .client()
        .send("OPTIONS", "/nothing", &[], b"")
        .problem(404);
    server.stop();
}

#[test]
fn head_is_get_without_the_body() {
    let server = Lane::Rust.serve("faulty", &[]);
    let get = server.client().get("/only/get");
    let mut wire = server.wire();
    wire.send("HEAD /only/get HTTP/1.1\r\nhost: a\r\n\r\nGET /count HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = wire.head_response();
    assert_eq!(head.status, 200);
    for name in ["content-length", "content-type"] {
        assert_eq!(head.header(name), Some(get.header(name)), "{name}");
    }
    // The next response follows directly: there was no body.
    assert_eq!(wire.response().status, 200);
    wire.send("HEAD /nothing HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(wire.head_response().status, 404);
    server.stop();
}

#[test]
fn percent_encoded_paths_are_decoded() {
    let server = Lane::Rust.serve("faulty", &[]);
    let client = server.client();
    assert_eq!(client.get("/%6fnly/%67et").text(), "got");
    let _ = client.get("/request/%ff").problem(405);
    let _ = client.send("POST", "/request/%ff", &[], b"").problem(400);
    let _ = client.send("POST", "/declared/1%", &[], b"").problem(422);
    server.stop();
}

fn sorted(list: &str) -> String {
    let mut names: Vec<&str> = list.split(',').map(str::trim).collect();
    names.sort_unstable();
    names.join(", ")
}
