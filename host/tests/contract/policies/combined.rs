//! Combinations of policies, and security headers.

use serde_json::json;

use super::App;

#[test]
fn a_handler_may_override_security_headers() {
    let server = App::new(json!({"security_headers": true}))
        .route("GET", "/", json!({}))
        .route(
            "GET",
            "/own",
            json!({"security_headers": {"frame_options": null, "content_security_policy": "default-src 'self'"}}),
        )
        .route("GET", "/off", json!({"security_headers": false}))
        .reply(200, json!([["Referrer-Policy", "origin"]]), "fine")
        .serve(&[]);
    let client = server.client();
    let page = client.get("/");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("referrer-policy"), "origin");
    assert_eq!(page.header("content-security-policy"), "");
    let own = client.get("/own");
    assert_eq!(own.header("x-frame-options"), "");
    assert_eq!(own.header("content-security-policy"), "default-src 'self'");
    assert_eq!(client.get("/off").header("x-content-type-options"), "");
    assert_eq!(
        client.get("/nothing").header("referrer-policy"),
        "no-referrer"
    );
    server.stop();
}

#[test]
fn an_error_response_has_all_headers_of_its_route() {
    let settings = json!({
        "request_id": true,
        "rate_limit": {"requests": 1, "per": "hour"},
        "cors": {"origins": ["https://a.example"], "credentials": true},
        "compression": {"min_size": 1},
        "security_headers": true,
        "jwt": {"secret": "a secret of the tests, long enough"},
    });
    let server = App::new(settings).route("GET", "/", json!({})).serve(&[]);
    let client = server.client();
    let headers = [
        ("origin", "https://a.example"),
        ("accept-encoding", "gzip"),
        ("x-request-id", "r1"),
    ];
    for status in [401, 429] {
        let response = client.send("GET", "/", &headers, b"");
        assert_eq!(response.status, status);
        assert_eq!(response.header("content-type"), "application/problem+json");
        for (name, value) in [
            ("access-control-allow-origin", "https://a.example"),
            ("access-control-allow-credentials", "true"),
            ("content-encoding", "gzip"),
            ("vary", "Origin, Accept-Encoding"),
            ("x-request-id", "r1"),
            ("x-frame-options", "DENY"),
            ("ratelimit-remaining", "0"),
        ] {
            assert_eq!(response.header(name), value, "{status} {name}");
        }
    }
    assert!(server.logged("status=429").contains("request=r1"));
    server.stop();
}

#[test]
fn an_invalid_policy_prevents_the_start() {
    for (settings, expected) in [
        (
            json!({"jwt": {"algorithms": ["HS256", "RS256"], "secret": "s"}}),
            "its `jwt` has `algorithms` `HS256` and `RS256`, which need different keys",
        ),
        (
            json!({"cors": {"origins": "*", "credentials": true}}),
            "its `cors` allows `credentials` with `origins` `*`",
        ),
        (
            json!({"rate_limit": {"requests": 0, "per": "hour"}}),
            "its `rate_limit` has `requests` `0`",
        ),
        (
            json!({"rate_limit": {"requests": 1, "per": "day"}}),
            "unknown variant `day`",
        ),
        (
            json!({"compression": {"levels": 3}}),
            "unknown field `levels`",
        ),
        (
            json!({"request_id": {"header": "content-length"}}),
            "a header that only the host sets",
        ),
        (
            json!({"security_headers": {"frame_options": "a\nb"}}),
            "not a header value",
        ),
        (
            json!({"api_key": {"keys": []}}),
            "would reject every request",
        ),
        (json!({"api_key": true}), "declare `keys`"),
    ] {
        let error = App::new(json!({}))
            .route("GET", "/x", settings.clone())
            .refused(&[]);
        assert!(
            error.starts_with("error: route `GET /x` cannot be served: "),
            "{error}"
        );
        assert!(error.contains(expected), "{settings}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        let error = App::new(settings)
            .route("GET", "/x", json!({}))
            .refused(&[]);
        assert!(error.contains(expected), "{error}");
    }
}
