//! JSON Web Tokens and API keys.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use spikard_wasm_testing::{Client, Response};

use super::App;

const PRIVATE: &[u8] = include_bytes!("../../../app/tests/keys/ec-256.pem");
const PUBLIC: &str = include_str!("../../../app/tests/keys/ec-256.pub.pem");
const SECRET: &[u8] = b"a secret of the tests, which is long enough";

fn token(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET);
    encode(&Header::new(Algorithm::HS256), claims, &key).expect("a token")
}

fn with(client: &Client, target: &str, authorization: &str) -> Response {
    client.send("GET", target, &[("authorization", authorization)], b"")
}

#[track_caller]
fn assert_unauthorized(response: &Response, title: &str, detail: &str) {
    let problem = response.problem(401);
    assert_eq!(problem["type"], "https://spikard.dev/errors/unauthorized");
    assert_eq!(problem["title"], title, "{problem}");
    assert_eq!(problem["detail"], detail, "{problem}");
}

#[test]
fn json_web_tokens() {
    let secret = std::str::from_utf8(SECRET).expect("text");
    let server = App::new(json!({"jwt": {"secret": {"secret": "jwt"}, "realm": "orders"}}))
        .route("GET", "/", json!({}))
        .route("POST", "/", json!({}))
        .route("GET", "/free", json!({"jwt": false}))
        .route(
            "GET",
            "/ec",
            json!({"jwt": {"algorithms": ["ES256"], "public_key": PUBLIC}}),
        )
        .serve_with_env("JWT", secret, &["--secret", "jwt=env:JWT"]);
    let client = server.client();
    let later = get_current_timestamp() + 1000;
    let good = format!("Bearer {}", token(&json!({"exp": later})));
    assert_eq!(with(&client, "/", &good).text(), "fine");
    assert_eq!(client.get("/free").status, 200);
    let missing = client.get("/");
    assert_unauthorized(
        &missing,
        "Missing or invalid Authorization header",
        "Expected 'Authorization: Bearer <token>'",
    );
    assert_eq!(
        missing.header("www-authenticate"),
        "Bearer realm=\"orders\""
    );
    let expired = with(
        &client,
        "/",
        &format!("Bearer {}", token(&json!({"exp": 1}))),
    );
    assert_unauthorized(&expired, "JWT validation failed", "Token has expired");
    assert_eq!(
        expired.header("www-authenticate"),
        "Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"Token has expired\""
    );
    assert_unauthorized(
        &with(&client, "/", "Bearer invalid.token"),
        "Malformed JWT token",
        "Malformed JWT token: expected 3 parts separated by dots, found 2",
    );
    assert_unauthorized(
        &with(&client, "/", "Basic dTpw"),
        "Invalid Authorization header format",
        "Authorization header must use Bearer scheme: 'Bearer <token>'",
    );
    let key = EncodingKey::from_ec_pem(PRIVATE).expect("a key");
    let claims = json!({"exp": later});
    let signed = encode(&Header::new(Algorithm::ES256), &claims, &key).expect("a token");
    assert_eq!(
        with(&client, "/ec", &format!("Bearer {signed}")).status,
        200
    );
    // The public key of one algorithm is not accepted as the secret of another.
    let key = EncodingKey::from_secret(PUBLIC.as_bytes());
    let forged = encode(&Header::new(Algorithm::HS256), &claims, &key).expect("a token");
    let forged = with(&client, "/ec", &format!("Bearer {forged}"));
    assert_unauthorized(
        &forged,
        "JWT validation failed",
        "Token algorithm is not accepted",
    );
    // An unknown path is 404 without credentials, and HEAD is treated like GET.
    assert_eq!(client.get("/nothing").status, 404);
    assert_eq!(client.send("HEAD", "/", &[], b"").status, 401);
    let log = server.stop().log;
    assert!(!log.contains("a secret of the tests"), "{log}");
}

#[test]
fn the_host_does_not_request_a_body_without_credentials() {
    let server = App::new(json!({"api_key": {"keys": ["k"]}}))
        .route("POST", "/", json!({}))
        .serve(&[]);
    let mut wire = server.wire();
    wire.send("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
    assert_eq!(wire.response().status, 401);
    let mut wire = server.wire();
    wire.send("POST / HTTP/1.1\r\nhost: a\r\nx-api-key: k\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n");
    assert_eq!(wire.response().status, 100);
    wire.send("body");
    assert_eq!(wire.response().status, 200);
    server.stop();
}

#[test]
fn api_keys() {
    let server = App::new(json!({}))
        .route(
            "GET",
            "/",
            json!({"api_key": {"keys": ["sk_1", "sk_2"], "header": "X-API-Key"}}),
        )
        .route(
            "GET",
            "/cookie",
            json!({"api_key": {"keys": {"a": "sk_1"}, "cookie": "key"}}),
        )
        .serve(&[]);
    let client = server.client();
    let ask = |target: &str, headers: &[(&str, &str)]| client.send("GET", target, headers, b"");
    for (target, headers) in [
        ("/", vec![("x-api-key", "sk_2")]),
        ("/?api_key=sk_1", vec![]),
        ("/cookie", vec![("cookie", "key=sk_1")]),
    ] {
        assert_eq!(ask(target, &headers).status, 200, "{target}");
    }
    let missing = ask("/", &[]);
    assert_unauthorized(
        &missing,
        "Missing API key",
        "Expected 'X-API-Key' header or 'api_key' query parameter with valid API key",
    );
    assert_eq!(missing.header("www-authenticate"), "ApiKey realm=\"shop\"");
    for (target, headers) in [
        ("/", vec![("x-api-key", "sk_3")]),
        ("/?api_key=sk_1&api_key=sk_1", vec![]),
        ("/?api_key=%ff", vec![]),
        ("/cookie", vec![("cookie", "key=no")]),
    ] {
        assert_unauthorized(
            &ask(target, &headers),
            "Invalid API key",
            "The provided API key is not valid",
        );
    }
    server.stop();
}

#[test]
fn hostile_credentials() {
    let server = App::new(json!({"jwt": {"secret": "s3cret of the tests, long enough"}}))
        .route("GET", "/", json!({}))
        .route(
            "GET",
            "/key",
            json!({"jwt": false, "api_key": {"keys": ["k"]}}),
        )
        .serve(&["--workers", "1"]);
    let mut wire = server.wire();
    let long = "a".repeat(20_000);
    for field in [
        format!("authorization: Bearer {long}.{long}.{long}").into_bytes(),
        format!("authorization: {long}").into_bytes(),
        b"authorization: Bearer \xff.\xff.\xff".to_vec(),
        b"authorization: Bearer a.b.c\r\nauthorization: Bearer a.b.c".to_vec(),
        b"authorization: Bearer eyJhbGciOiJub25lIn0.e30.".to_vec(),
        b"authorization:".to_vec(),
        format!("x-api-key: {long}").into_bytes(),
        b"x-api-key: k\r\nx-api-key: k".to_vec(),
        b"x-api-key: \xff".to_vec(),
        b"cookie: \xff".to_vec(),
    ] {
        for target in ["/", "/key"] {
            let mut request = format!("GET {target} HTTP/1.1\r\nhost: a\r\n").into_bytes();
            request.extend_from_slice(&field);
            request.extend_from_slice(b"\r\n\r\n");
            wire.send(request);
            let response = wire.response();
            assert_eq!(response.status, 401, "{}", response.text());
            let challenge = response.header("www-authenticate").unwrap_or_default();
            assert!(challenge.len() < 300, "{challenge}");
        }
    }
    let log = server.stop().log;
    assert!(!log.contains("panicked"), "{log}");
}
