//! Replies that are too large, and replies that violate HTTP.

use serde_json::{Value, json};

use super::attack::{Attack, HOST, INSTANCE};
use super::raw::say;

const ONE: [&str; 4] = ["--workers", "1", "--max-instances", "2"];
const MIB: u64 = 1 << 20;

/// A guest cannot have 1 GiB of memory, but it can claim a body of that size or have almost that
/// much.
#[test]
fn a_reply_of_one_gibibyte() {
    let attack = Attack::hostile(&ONE);
    for what in [
        json!({"bytes": 1 << 30}),
        json!({"lie": 1 << 30}),
        json!({"lie": 0x7fff_ffff}),
        json!({"bytes": 400 * MIB}),
        json!({"bytes": 64 * MIB + 1}),
    ] {
        let _ = attack.say(&what).problem(500);
    }
    let largest = attack.say(&json!({"bytes": 64 * MIB}));
    assert_eq!((largest.status, largest.body.len()), (200, 64 << 20));
    // The guest's memory, the data that the host copies from it in a call, and a body in flight.
    let log = attack.end(INSTANCE + 128 * MIB + 64 * MIB + HOST);
    for reason in [
        "guest: memory allocation of 1073741824 bytes failed",
        "the guest trapped: list pointer/length out of bounds of memory",
        "fuel allocated for hostcalls has been exhausted",
        "its body has `67108865` bytes, more than the `67108864` that `[limits] reply_body` allows",
    ] {
        assert!(log.contains(reason), "`{reason}` is not in\n{log}");
    }
}

#[test]
fn a_reply_of_a_hundred_thousand_headers() {
    let attack = Attack::hostile(&ONE);
    let response = say(attack.server(), "GET", &json!({"many": 256}));
    assert_eq!((response.status, response.all("x-255")), (200, vec!["y"]));
    for what in [
        json!({"many": 100_000}),
        json!({"many": 257}),
        json!({"long": 66_006}),
    ] {
        let _ = attack.say(&what).problem(500);
        for kind in ["on-request", "on-response", "on-error"] {
            let say = what.to_string();
            let target = format!("/hook/{kind}");
            let client = attack.server().client();
            let response = client.send("GET", &target, &[("x-say", &say)], b"");
            let _ = response.problem(500);
        }
    }
    let log = attack.end(HOST);
    for reason in [
        "its headers are a text of `",
        "it has `257` headers, more than the `256` that `[limits] reply_headers` allows",
        "its headers have `66012` bytes, more than the `65536` that `[limits] reply_header_bytes` allows",
    ] {
        let said = log.lines().filter(|line| line.contains(reason)).count();
        assert_eq!(said, 4, "`{reason}` is not in\n{log}");
    }
}

#[test]
fn headers_that_break_http() {
    let attack = Attack::hostile(&ONE);
    let server = attack.server();
    let names = [
        "",
        "a b",
        "a\r",
        "a\n",
        "a\0",
        "a:b",
        "é",
        "a\r\nx-injected: 1\r\nb",
        "a\u{7f}",
        "\t",
    ];
    for name in names {
        say(
            server,
            "GET",
            &json!({"headers": [["x-own", "1"], [name, "1"]]}),
        )
        .assert_failure();
    }
    let values = [
        "a\r\nx-injected: 1",
        "a\nx-injected: 1",
        "a\rx-injected: 1",
        "a\0b",
        "\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "a\u{7f}",
        "\u{b}",
    ];
    for value in values {
        // JSON escapes line breaks in the header of the request.
        say(server, "GET", &json!({"headers": [["x-own", value]]})).assert_failure();
        say(
            server,
            "GET",
            &json!({"headers": [["content-type", value]]}),
        )
        .assert_failure();
        say(server, "HEAD", &json!({"headers": [["location", value]]}));
    }
    let log = attack.end(HOST);
    let refused = |word: &str| log.lines().filter(|line| line.contains(word)).count();
    assert_eq!(refused("is not a header name"), names.len(), "{log}");
    assert_eq!(
        refused("contains a control character"),
        3 * values.len(),
        "{log}"
    );
}

#[test]
fn headers_that_frame_the_message() {
    let attack = Attack::hostile(&ONE);
    let server = attack.server();
    for (name, value) in [
        ("content-length", "0"),
        ("content-length", "99999999"),
        ("Content-Length", "-1"),
        ("transfer-encoding", "chunked"),
        ("Transfer-Encoding", "gzip, chunked"),
        ("connection", "keep-alive, x-own"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("keep-alive", "timeout=999"),
        ("te", "trailers"),
        ("trailer", "x-own"),
        ("proxy-connection", "keep-alive"),
    ] {
        let headers = json!([[name, value], ["x-own", "kept"], [name, value]]);
        let response = say(server, "GET", &json!({"headers": headers}));
        assert_eq!(
            (response.status, response.body.as_slice()),
            (200, b"body".as_slice())
        );
        assert_eq!(response.all("x-own"), ["kept"], "{name}");
        assert_eq!(response.all("content-length"), ["4"], "{name}");
        let own = name.to_ascii_lowercase();
        if !["content-length", "connection"].contains(&own.as_str()) {
            assert!(response.all(&own).is_empty(), "{response:?}");
        }
        // Two requests on one connection get one response each.
        let mut wire = server.wire();
        let what = json!({"headers": headers});
        for _ in 0..2 {
            let response = wire.ask(&format!("GET /do HTTP/1.1\r\nhost: a\r\nx-say: {what}"));
            assert_eq!(
                (response.status, response.text().as_str()),
                (200, "body"),
                "{name}"
            );
            assert_eq!(response.header("connection"), None, "{name}");
        }
    }
    let log = attack.end(HOST);
    assert_eq!(count(&log, "status=200 ", "GET /do"), 36, "{log}");
}

#[test]
fn invalid_statuses() {
    let attack = Attack::hostile(&ONE);
    let statuses = [0, 99, 100, 101, 103, 199, 600, 700, 999, 65535];
    for status in statuses {
        say(attack.server(), "GET", &json!({"status": status})).assert_failure();
    }
    let log = attack.end(HOST);
    for status in statuses {
        let reason = format!("its status `{status}` is not between 200 and 599");
        assert!(log.contains(&reason), "{log}");
    }
}

#[test]
fn a_body_with_a_status_that_forbids_one() {
    let attack = Attack::hostile(&ONE);
    let server = attack.server();
    let with = |status: u16| json!({"status": status, "bytes": 1000, "headers": [["x-own", "1"]]});
    for (method, status, length) in [
        ("GET", 204, None),
        ("GET", 205, Some("0")),
        ("GET", 304, None),
        ("HEAD", 200, Some("1000")),
        ("HEAD", 204, None),
        ("HEAD", 304, None),
        ("HEAD", 500, Some("1000")),
    ] {
        let response = say(server, method, &with(status));
        assert_eq!(response.status, status);
        assert_eq!(response.all("x-own"), ["1"]);
        let lengths = response.all("content-length");
        assert_eq!(lengths.first().copied(), length, "{method} {status}");
        // The next response on the connection is not mistaken for a body.
        let mut wire = server.wire();
        for _ in 0..2 {
            wire.send(format!(
                "{method} /do HTTP/1.1\r\nhost: a\r\nx-say: {}\r\n\r\n",
                with(status)
            ));
            let response = if method == "HEAD" {
                wire.head_response()
            } else {
                wire.response()
            };
            assert_eq!(response.status, status);
        }
    }
    let log = attack.end(HOST);
    assert_eq!(count(&log, "status=204 ", "GET /do"), 6, "{log}");
    assert_eq!(count(&log, "status=304 ", "GET /do"), 6, "{log}");
}

fn count(log: &str, first: &str, second: &str) -> usize {
    let lines = log.lines().filter(|line| line.contains("access:"));
    let found = lines.filter(|line| line.contains(first) && line.contains(second));
    found.count()
}

/// HTTP/2 has neither line breaks nor connection headers.
#[test]
fn invalid_replies_over_http2() {
    let attack = Attack::hostile(&ONE);
    let framing: Vec<Value> = [
        "connection",
        "transfer-encoding",
        "keep-alive",
        "upgrade",
        "te",
        "content-length",
    ]
    .map(|name| json!([name, "chunked"]))
    .into();
    let asked = [
        (json!({"headers": framing}), 200),
        (json!({"headers": [["x-own", "a\r\nx-injected: 1"]]}), 500),
        (json!({"headers": [[":status", "204"]]}), 500),
        (json!({"status": 99}), 500),
        (json!({"many": 100_000}), 500),
        (json!({"status": 204}), 204),
    ];
    for (what, status) in asked {
        let says = [("x-say", what.to_string())];
        let answers = super::crowd::ask(attack.server().address(), 1, 1, &says);
        assert_eq!(answers.statuses(), [status], "{what}");
    }
    let log = attack.end(HOST);
    assert!(log.contains("`:status` is not a header name"), "{log}");
}
