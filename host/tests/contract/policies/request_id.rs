//! Request IDs.

use serde_json::json;

use super::App;

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

#[test]
fn a_request_id_is_accepted_or_generated_and_returned() {
    let server = App::new(json!({"request_id": true}))
        .route("GET", "/", json!({}))
        .route("GET", "/off", json!({"request_id": false}))
        .route(
            "GET",
            "/own",
            json!({"request_id": {"header": "X-Correlation", "accept": false}}),
        )
        .serve(&[]);
    let client = server.client();
    let ask = |target: &str, name: &str, id: &str| client.send("GET", target, &[(name, id)], b"");
    let taken = ask("/", "X-Request-ID", "order-7:a/b");
    assert_eq!(taken.header("x-request-id"), "order-7:a/b");
    assert!(server.logged("order-7:a/b").contains("request=order-7:a/b"));
    let first = client.get("/");
    assert!(is_uuid(first.header("x-request-id")), "{:?}", first.headers);
    let _ = server.logged(first.header("x-request-id"));
    assert_ne!(
        first.header("x-request-id"),
        client.get("/").header("x-request-id")
    );
    // IDs that could break the log are ignored.
    let long = "a".repeat(129);
    for bad in ["a b", "", long.as_str()] {
        let made = ask("/", "x-request-id", bad);
        assert!(is_uuid(made.header("x-request-id")), "{bad:?}");
    }
    let mut wire = server.wire();
    for odd in [
        b"GET / HTTP/1.1\r\nhost: a\r\nx-request-id: \xff\r\n\r\n".as_slice(),
        b"GET / HTTP/1.1\r\nhost: a\r\nx-request-id: a\r\nx-request-id: b\r\n\r\n",
    ] {
        wire.send(odd);
        let response = wire.response();
        assert!(is_uuid(response.header("x-request-id").unwrap_or_default()));
    }
    // Unmatched and rejected requests have an ID too.
    assert_eq!(
        ask("/nothing", "x-request-id", "n1").header("x-request-id"),
        "n1"
    );
    let put = client.send("PUT", "/", &[("x-request-id", "n2")], b"");
    assert_eq!((put.status, put.header("x-request-id")), (405, "n2"));
    assert_eq!(ask("/off", "x-request-id", "n3").header("x-request-id"), "");
    let own = ask("/own", "x-correlation", "mine");
    assert!(is_uuid(own.header("x-correlation")));
    server.stop();
}
