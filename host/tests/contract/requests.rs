//! What a handler sees of a request.

use serde_json::json;

use crate::support::{Lane, on_every_lane};

on_every_lane!(a_handler_sees_the_whole_request, headers_that_are_not_utf8);

fn a_handler_sees_the_whole_request(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let mut wire = server.wire();
    wire.send(
        "POST /request/a%2Fb%20c/%C3%A9?x=%41&y=1+2&x HTTP/1.1\r\nhost: a\r\nX-Text: one\r\n\
         x-text: two\r\nX-Empty:\r\ncookie: a=1; b=\"two\"\r\ncookie: c=%20\r\n\
         content-type: application/octet-stream\r\ncontent-length: 3\r\n\r\n\x00\x01\x7f",
    );
    let response = wire.response();
    assert_eq!(response.status, 200, "{}", response.text());
    let mut seen: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
    let (peer, id) = (seen["peer"].take(), seen["id"].take());
    assert_eq!(
        seen,
        json!({
            "rest": "a/b c/é",
            "method": "POST",
            "path": "/request/a%2Fb%20c/%C3%A9",
            "query": "x=%41&y=1+2&x",
            "header": "one, two",
            "headers": [["x-text", "6f6e65"], ["x-text", "74776f"], ["x-empty", ""]],
            "cookies": [["a", "1"], ["b", "two"], ["c", "%20"]],
            "peer": null,
            "id": null,
            "body": "00017f",
        })
    );
    let peer = peer.as_str().and_then(|peer| peer.parse().ok());
    assert_eq!(peer, Some(wire.local_address()));
    // The log has the same ID.
    let id = id.as_str().expect("an id");
    let line = server.logged(id);
    assert!(line.contains("/request/"), "{line}");
    server.stop();
}

fn headers_that_are_not_utf8(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let mut wire = server.wire();
    for _ in 0..2 {
        wire.send(
            b"POST /request/x HTTP/1.1\r\nhost: a\r\nx-text: caf\xe9\r\nx-more: \xff\x80\r\n\r\n",
        );
        let response = wire.response();
        assert_eq!(response.status, 200, "{}", response.text());
        let seen: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(
            seen["headers"],
            json!([["x-text", "636166e9"], ["x-more", "ff80"]])
        );
        assert_eq!(seen["header"], "café");
        assert_eq!(seen["body"], "");
    }
    server.stop();
}

/// Declared fields must be text: other bytes are rejected, never replaced. Undeclared fields do
/// not matter.
#[test]
fn declared_headers_and_cookies_are_text() {
    let server = Lane::Rust.serve("faulty", &[]);
    let mut wire = server.wire();
    let body = r#"{"name": "a", "price": 1}"#;
    let odd: [(&[u8], u16); 5] = [
        (
            b"x-token: t\r\ncookie: sid=abc; \xfe=1\r\nx-other: \xff",
            200,
        ),
        (b"x-token: caf\xe9\r\ncookie: sid=abc", 400),
        (b"x-token: t\r\ncookie: sid=\xff\xfe", 400),
        (b"x-token: t\r\ncookie: sid=%ff%fe", 400),
        (b"x-token: t\r\ncookie: sid=abc\r\ncontent-type: \xff", 400),
    ];
    for (headers, status) in odd {
        let mut request = b"POST /declared/1?page=1 HTTP/1.1\r\nhost: a\r\n".to_vec();
        request.extend_from_slice(headers);
        let rest = format!("\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        request.extend_from_slice(rest.as_bytes());
        wire.send(request);
        let response = wire.response();
        let sent = headers.escape_ascii();
        assert_eq!(response.status, status, "{sent}: {}", response.text());
    }
    server.stop();
}
