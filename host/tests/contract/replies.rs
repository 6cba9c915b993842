//! Replies of all kinds, and replies that HTTP forbids.

use serde_json::{Value, json};
use spikard_wasm_testing::define;

use crate::support::{Lane, host, json_equal, on_every_lane};

on_every_lane!(replies_of_every_kind, replies_that_http_forbids);

fn replies_of_every_kind(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let client = server.client();
    let ask = |kind: &str| {
        let response = client.get(&format!("/reply/{kind}"));
        let content_type = response.header("content-type").to_owned();
        (response.status, content_type, response.text(), response)
    };
    let (status, content_type, _, response) = ask("json");
    assert_eq!((status, content_type.as_str()), (200, "application/json"));
    let expected = json!({"text": "é", "number": 1.5, "list": [true, null]});
    assert!(
        json_equal(&response.json(), &expected),
        "{}",
        response.text()
    );
    let (status, content_type, text, _) = ask("text");
    assert_eq!((status, text.as_str()), (200, "grün"));
    assert_eq!(content_type, "text/plain; charset=utf-8");
    let (status, content_type, _, response) = ask("bytes");
    assert_eq!(
        (status, content_type.as_str()),
        (200, "application/octet-stream")
    );
    assert_eq!(response.body, [0, 1, 254, 255]);
    let (_, content_type, text, _) = ask("html");
    assert_eq!(
        (content_type.as_str(), text.as_str()),
        ("text/html; charset=utf-8", "<p>grün</p>")
    );
    let (status, content_type, text, _) = ask("none");
    assert_eq!(
        (status, content_type.as_str(), text.as_str()),
        (204, "", "")
    );
    let (status, _, text, response) = ask("redirect");
    assert_eq!((status, text.as_str()), (303, ""));
    assert_eq!(response.header("location"), "/reply/text");
    let (_, _, _, response) = ask("cookies");
    let cookies: Vec<_> = response.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; Path=/; HttpOnly", "b=2; Secure"]);
    server.stop();
}

/// Only the host frames messages, and no reply can be mistaken for two.
fn replies_that_http_forbids(lane: Lane) {
    let server = lane.serve("faulty", &[]);
    let mut wire = server.wire();
    let response = wire.ask("GET /reply/framing HTTP/1.1\r\nhost: a");
    assert_eq!((response.status, response.text().as_str()), (200, "body"));
    assert_eq!(response.header("content-length"), Some("4"));
    assert_eq!(response.header("x-own"), Some("kept"));
    for name in ["transfer-encoding", "connection"] {
        assert_eq!(response.header(name), None, "{name}");
    }
    for kind in ["split", "status"] {
        let response = wire.ask(&format!("GET /reply/{kind} HTTP/1.1\r\nhost: a"));
        assert_eq!(response.status, 500, "{kind}");
        assert_eq!(response.header("x-injected"), None);
        let document: Value = serde_json::from_slice(&response.body).expect("a problem document");
        assert_eq!(document["status"], 500);
    }
    assert_eq!(wire.ask("GET /reply/text HTTP/1.1\r\nhost: a").status, 200);
    let log = server.stop().log;
    assert!(log.contains("`99`"), "{log}");
}

/// Replies that no SDK produces, but a guest in another language could.
#[test]
fn an_invalid_reply_is_500_and_logged() {
    let bad = [
        (0, "", "its status `0` is not between 200 and 599"),
        (100, "", "its status `100` is not between 200 and 599"),
        (600, "", "its status `600` is not between 200 and 599"),
        (
            200,
            "no JSON",
            "its headers are not a JSON array of pairs of strings",
        ),
        (
            200,
            "{\"a\":\"b\"}",
            "its headers are not a JSON array of pairs of strings",
        ),
        (
            200,
            "[[\"a\"]]",
            "its headers are not a JSON array of pairs of strings",
        ),
        (
            200,
            "[[\"a\",1]]",
            "its headers are not a JSON array of pairs of strings",
        ),
        (200, "[[\"a b\",\"c\"]]", "`a b` is not a header name"),
        (
            200,
            "[[\"a\",\"b\\r\\nc: d\"]]",
            "its header `a` contains a control character",
        ),
    ];
    for (status, headers, reason) in bad {
        let app = define(&json!({
            "app": {"name": "a", "routes": [{"method": "GET", "path": "/"}]},
            "reply": [status, headers, "body"],
        }));
        let server = host().serve(Some(&app)).start();
        let client = server.client();
        for _ in 0..2 {
            let response = client.get("/");
            let _ = response.problem(500);
            assert!(!response.text().contains("body"));
        }
        let log = server.stop().log;
        assert!(log.contains(reason), "{log}");
    }
}

#[test]
fn a_status_without_a_body_has_none() {
    for status in [204, 304] {
        let app = define(&json!({
            "app": {"name": "a", "routes": [{"method": "GET", "path": "/"}]},
            "reply": [status, "[[\"x-own\",\"1\"]]", "body"],
        }));
        let server = host().serve(Some(&app)).start();
        let mut wire = server.wire();
        for _ in 0..2 {
            let response = wire.ask("GET / HTTP/1.1\r\nhost: a");
            assert_eq!(
                (response.status, response.header("x-own")),
                (status, Some("1"))
            );
        }
        server.stop();
    }
}
