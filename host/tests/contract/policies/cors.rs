//! Cross-origin requests.

use serde_json::json;
use spikard_wasm_testing::{Client, Response};

use super::App;

const A: &str = "https://a.example";

fn ask(client: &Client, method: &str, target: &str, headers: &[(&str, &str)]) -> Response {
    client.send(method, target, headers, b"")
}

fn preflight(client: &Client, target: &str, origin: &str, method: &str, headers: &str) -> Response {
    let fields = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", headers),
    ];
    ask(client, "OPTIONS", target, &fields)
}

#[test]
fn preflights_use_the_policy_of_the_requested_route() {
    let cors =
        json!({"origins": [A], "headers": ["X-Custom-Header"], "credentials": true, "max_age": 60});
    let server = App::new(json!({}))
        .route("GET", "/", json!({}))
        .route(
            "DELETE",
            "/",
            json!({"cors": cors, "api_key": {"keys": ["k"]}, "request_id": true}),
        )
        .route(
            "POST",
            "/",
            json!({"cors": {"origins": [A], "methods": ["POST"]}}),
        )
        .serve(&[]);
    let client = server.client();
    let response = preflight(&client, "/", A, "DELETE", "x-custom-header");
    assert_eq!((response.status, response.text().as_str()), (204, ""));
    for (name, value) in [
        ("access-control-allow-origin", A),
        ("access-control-allow-credentials", "true"),
        (
            "access-control-allow-methods",
            "GET, HEAD, POST, DELETE, OPTIONS",
        ),
        ("access-control-allow-headers", "X-Custom-Header"),
        ("access-control-max-age", "60"),
        ("vary", "Origin"),
    ] {
        assert_eq!(response.header(name), value, "{name}");
    }
    assert_eq!(response.header("x-request-id").len(), 36);
    let methods = preflight(&client, "/", A, "POST", "");
    assert_eq!(methods.header("access-control-allow-methods"), "POST");
    for (origin, method, headers, detail) in [
        (
            "https://b.example",
            "DELETE",
            "",
            "the origin `https://b.example` is not allowed",
        ),
        ("null", "DELETE", "", "the origin `null` is not allowed"),
        (
            A,
            "DELETE",
            "x-other",
            "the header `x-other` is not allowed",
        ),
    ] {
        let response = preflight(&client, "/", origin, method, headers);
        assert_eq!(response.problem(403)["detail"], format!("CORS: {detail}"));
        assert_eq!(response.header("access-control-allow-methods"), "");
    }
    // For a route without a policy, the response lists the methods of the path and allows no
    // origin.
    let response = preflight(&client, "/", A, "GET", "");
    assert_eq!(
        (
            response.status,
            response.header("access-control-allow-origin")
        ),
        (204, "")
    );
    let response = preflight(&client, "/", A, "PUT", "");
    assert_eq!(
        (
            response.status,
            response.header("access-control-allow-origin")
        ),
        (204, "")
    );
    server.stop();
}

#[test]
fn responses_have_cors_headers() {
    let server =
        App::new(json!({"cors": {"origins": [A, "https://b.example"], "expose": ["x-total"]}}))
            .route("GET", "/", json!({}))
            .route("GET", "/key", json!({"api_key": {"keys": ["k"]}}))
            .route("OPTIONS", "/own", json!({}))
            .route("PUT", "/own", json!({}))
            .route("GET", "/all", json!({"cors": {"origins": "*"}}))
            .route("GET", "/off", json!({"cors": false}))
            // Headers from the handler cannot override the policy.
            .reply(
                200,
                json!([
                    ["access-control-allow-origin", "*"],
                    ["vary", "Accept"],
                    ["x-total", "1"]
                ]),
                "fine",
            )
            .serve(&[]);
    let client = server.client();
    for (target, status) in [("/", 200), ("/key", 401), ("/nothing", 404)] {
        let response = ask(&client, "GET", target, &[("origin", A)]);
        assert_eq!(response.status, status);
        assert_eq!(
            response.header("access-control-allow-origin"),
            A,
            "{target}"
        );
        assert_eq!(response.header("access-control-expose-headers"), "x-total");
        assert!(response.header("vary").contains("Origin"), "{target}");
        let response = ask(&client, "GET", target, &[("origin", "https://c.example")]);
        assert_eq!(
            (
                response.status,
                response.header("access-control-allow-origin")
            ),
            (status, "")
        );
        assert!(response.header("vary").contains("Origin"), "{target}");
    }
    assert_eq!(client.get("/").header("vary"), "Accept, Origin");
    assert_eq!(ask(&client, "PUT", "/", &[("origin", A)]).status, 405);
    assert_eq!(
        client.get("/all").header("access-control-allow-origin"),
        "*"
    );
    assert_eq!(
        client.get("/off").header("access-control-allow-origin"),
        "*"
    );
    // OPTIONS is a preflight only with the headers of one.
    assert_eq!(
        ask(&client, "OPTIONS", "/own", &[("origin", A)]).text(),
        "fine"
    );
    let plain = ask(
        &client,
        "OPTIONS",
        "/own",
        &[("access-control-request-method", "PUT")],
    );
    assert_eq!(plain.text(), "fine");
    assert_eq!(preflight(&client, "/own", A, "PUT", "").status, 204);
    assert_eq!(preflight(&client, "/own", A, "DELETE", "").status, 403);
    server.stop();
}

#[test]
fn hostile_origins() {
    let server = App::new(json!({"cors": {"origins": [A], "credentials": true}}))
        .route("GET", "/", json!({}))
        .serve(&["--workers", "1"]);
    let mut wire = server.wire();
    let long = format!("origin: https://{}", "a".repeat(50_000)).into_bytes();
    for fields in [
        b"origin: \xff\xfe".to_vec(),
        b"origin: https://a.example\r\norigin: https://a.example".to_vec(),
        b"origin: https://a.example, https://b.example".to_vec(),
        b"origin: https://a.example.".to_vec(),
        b"origin:".to_vec(),
        long,
    ] {
        for (method, status) in [("GET", 200), ("OPTIONS", 403)] {
            let mut request =
                format!("{method} / HTTP/1.1\r\nhost: a\r\naccess-control-request-method: GET\r\n")
                    .into_bytes();
            request.extend_from_slice(&fields);
            request.extend_from_slice(b"\r\n\r\n");
            wire.send(request);
            let response = wire.response();
            assert_eq!(response.status, status, "{}", response.text());
            assert_eq!(response.header("access-control-allow-origin"), None);
            assert!(response.text().len() < 2000);
        }
    }
    server.stop();
}

#[test]
fn a_route_without_cors_ignores_the_policy_of_the_app() {
    let server = App::new(json!({"cors": {"origins": [A]}}))
        .route("GET", "/shared", json!({}))
        .route("GET", "/private", json!({"cors": false}))
        .serve(&[]);
    let client = server.client();
    let shared = preflight(&client, "/shared", A, "GET", "");
    assert_eq!(shared.header("access-control-allow-origin"), A);
    let private = preflight(&client, "/private", A, "GET", "");
    assert_eq!(private.status, 204);
    assert_eq!(private.header("access-control-allow-origin"), "");
    assert_eq!(private.header("allow"), "GET, HEAD, OPTIONS");
    // The app handles other OPTIONS requests.
    let options = ask(&client, "OPTIONS", "/private", &[("origin", A)]);
    assert_eq!(options.status, 204);
    server.stop();
}

#[test]
fn a_request_above_the_in_flight_limit_gets_the_policies_of_its_route() {
    let server = App::new(json!({"cors": {"origins": [A]}, "request_id": true}))
        .route("GET", "/", json!({}))
        .route("POST", "/", json!({}))
        .serve(&["--max-in-flight", "1", "--workers", "1"]);
    // The host waits for the body of this request.
    let mut held = server.wire();
    held.send(
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 1\r\n\r\n",
    );
    std::thread::sleep(std::time::Duration::from_millis(300));
    let response = ask(&server.client(), "GET", "/", &[("origin", A)]);
    let _ = response.problem(503);
    assert_eq!(response.header("access-control-allow-origin"), A);
    assert_eq!(response.header("vary"), "Origin");
    assert_eq!(response.header("x-request-id").len(), 36);
    held.send("x");
    assert_eq!(held.response().status, 200);
    server.stop();
}
