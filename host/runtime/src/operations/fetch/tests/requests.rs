//! Heads of requests and responses, time limits and errors.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Response};
use serde_json::{Value, json};
use spikard_wasm_app::grants::OutgoingRules;

use super::support::{Fixture, error, response};
use crate::context::LocalContext;
use crate::current::Current;
use crate::outbound::OutboundError;
use crate::request::Request;
use crate::stages::Stages;

const URL: &str = "https://api.example.com/a?b=c";

async fn code(fixture: &mut Fixture, head: Value) -> String {
    let failed = fixture.fetch(head).await.unwrap_err();
    assert!(failed.message.len() > 10, "{failed:?}");
    failed.code.into_owned()
}

#[tokio::test]
async fn a_request_is_sent_as_described() {
    let mut fixture = Fixture::new(|_| response(201, &[("x-one", "1"), ("x-one", "2")]));
    let head = json!({
        "method": "post",
        "url": "https://API.example.com:443/ä b#fragment",
        "headers": [["Accept", " text/plain "], ["x-a", "1"], ["x-a", "2"], ["x-latin", "é"]],
    });
    let outcome = fixture.run("fetch", &head, "hello").await.unwrap();
    assert_eq!(outcome.status, 201);
    let head: Value = serde_json::from_str(&outcome.head).unwrap();
    assert_eq!(
        head,
        json!({
            "url": "https://api.example.com/%C3%A4%20b",
            "redirected": false,
            "headers": [["x-one", "1"], ["x-one", "2"]],
        })
    );
    let seen = fixture.seen().remove(0);
    assert_eq!(
        (seen.method.as_str(), seen.body.as_str()),
        ("POST", "hello")
    );
    assert_eq!(seen.url, "https://api.example.com/%C3%A4%20b");
    assert_eq!(seen.header("accept"), "text/plain");
    assert_eq!(seen.headers.get_all("x-a").iter().count(), 2);
    assert_eq!(seen.headers["x-latin"].as_bytes(), [0xe9]);
    assert_eq!(seen.header("accept-encoding"), "gzip, br");
}

#[tokio::test]
async fn the_host_sets_the_headers_of_the_connection() {
    let mut fixture = Fixture::new(|_| response(200, &[("connection", "close"), ("te", "x")]));
    let names = [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "TE",
        "Trailer",
        "Expect",
        "Proxy-Authorization",
        "Proxy-Connection",
        "HTTP2-Settings",
    ];
    let headers: Vec<[&str; 2]> = names.iter().map(|name| [*name, "1"]).collect();
    let (_, head, _) = fixture
        .fetch(json!({ "url": URL, "headers": headers, "decompress": false }))
        .await
        .unwrap();
    assert!(fixture.seen()[0].headers.is_empty());
    assert_eq!(head["headers"], json!([]));
}

#[tokio::test]
async fn invalid_requests_are_not_sent() {
    let mut fixture = Fixture::new(|_| response(200, &[]));
    let with = |name: &str, value: &str| json!({ "url": URL, "headers": [[name, value]] });
    for head in [
        json!({}),
        json!({ "url": "" }),
        json!({ "url": "/relative" }),
        json!({ "url": "ftp://example.com" }),
        json!({ "url": "file:///etc/passwd" }),
        json!({ "url": "https://user:secret@example.com" }),
        json!({ "url": format!("https://example.com/{}", "x".repeat(70_000)) }),
        json!({ "url": URL, "method": "" }),
        json!({ "url": URL, "method": "G ET" }),
        json!({ "url": URL, "method": "connect" }),
        json!({ "url": URL, "method": "TRACE" }),
        json!({ "url": URL, "redirect": "maybe" }),
        json!({ "url": URL, "timeout_ms": 0 }),
        json!({ "url": URL, "timeout_ms": -1 }),
        json!({ "url": URL, "cache": "no-store" }),
        with("", "x"),
        with("a b", "x"),
        with("a\r\nb", "x"),
        with("a", "x\r\nhost: evil"),
        with("a", "x\0"),
        with("a", "日本"),
    ] {
        assert_eq!(code(&mut fixture, head.clone()).await, "invalid", "{head}");
    }
    for headers in [
        vec![["a".to_owned(), "x".repeat(70_000)]],
        vec![["a".to_owned(), String::new()]; 1001],
    ] {
        let head = json!({ "url": URL, "headers": headers });
        assert_eq!(code(&mut fixture, head).await, "too-large");
    }
    assert_eq!(fixture.seen().len(), 0);
    let failed = fixture.fetch(json!({ "url": "https://u:hunter2@x" })).await;
    assert!(failed.unwrap_err().message.contains("authorization"));
}

#[tokio::test]
async fn codings_are_requested_unless_the_guest_chooses() {
    let mut fixture = Fixture::new(|_| response(200, &[]));
    for (head, expected) in [
        (json!({ "url": URL }), "gzip, br"),
        (json!({ "url": URL, "decompress": false }), ""),
        (
            json!({ "url": URL, "headers": [["Accept-Encoding", "zstd"]] }),
            "zstd",
        ),
        (
            json!({ "url": URL, "headers": [["range", "bytes=0-9"]] }),
            "",
        ),
    ] {
        fixture.fetch(head.clone()).await.unwrap();
        let seen = fixture.seen().pop().unwrap();
        assert_eq!(seen.header("accept-encoding"), expected, "{head}");
    }
}

#[tokio::test]
async fn errors_of_the_sender_have_codes() {
    let shown = || "https://x".to_owned();
    let time = Duration::from_secs(1);
    for (why, expected) in [
        (OutboundError::Denied("request denied".into()), "denied"),
        (OutboundError::Dns(shown()), "unavailable"),
        (
            OutboundError::Connect(shown(), "refused".into()),
            "unavailable",
        ),
        (OutboundError::ConnectTimeout(shown(), time), "timeout"),
        (OutboundError::ResponseTimeout(shown(), time), "timeout"),
        (OutboundError::Tls(shown(), "expired".into()), "unavailable"),
        (
            OutboundError::Protocol(shown(), "closed".into()),
            "unavailable",
        ),
        (OutboundError::TooLarge(shown(), 7), "too-large"),
        (OutboundError::TooMany(7), "too-many"),
        (OutboundError::Loop(8), "failed"),
    ] {
        let message = why.to_string();
        let mut fixture = Fixture::new(move |_| error(why.clone()));
        let failed = fixture.fetch(json!({ "url": URL })).await.unwrap_err();
        assert_eq!((&*failed.code, failed.message), (expected, message));
    }
}

#[tokio::test]
async fn a_response_that_never_comes_is_given_up() {
    let mut fixture = Fixture::new(|_| None).with_timeout(Duration::from_millis(300));
    for (head, millis) in [
        (json!({ "url": URL, "timeout_ms": 50.0 }), 50),
        (json!({ "url": URL }), 300),
        (json!({ "url": URL, "timeout_ms": 60_000 }), 300),
        (json!({ "url": URL, "timeout_ms": 1e300 }), 300),
    ] {
        let start = Instant::now();
        let failed = fixture.fetch(head.clone()).await.unwrap_err();
        let passed = start.elapsed();
        assert_eq!(failed.code, "timeout");
        assert!(
            failed.message.contains("`https://api.example.com`"),
            "{failed}"
        );
        let limit = Duration::from_millis(millis);
        assert!(passed >= limit, "{head}: {passed:?}");
        // A busy machine may wake the test late.
        assert!(passed < limit * 5, "{head}: {passed:?}");
    }
}

#[tokio::test]
async fn a_large_head_is_rejected() {
    let mut fixture = Fixture::new(|_| {
        let mut response = super::support::response(200, &[])?.unwrap();
        let value = HeaderValue::from_bytes(&[b'x'; 40_000]).unwrap();
        for _ in 0..2 {
            response.headers_mut().append("x", value.clone());
        }
        Some(Ok(response))
    });
    assert_eq!(code(&mut fixture, json!({ "url": URL })).await, "too-large");
}

#[tokio::test]
async fn values_that_are_not_text_arrive_as_latin_1() {
    let mut fixture = Fixture::new(|_| {
        let response = super::support::response(200, &[])?.unwrap();
        let mut response: Response<_> = response;
        let value = HeaderValue::from_bytes(b"\xe9\xff").unwrap();
        response.headers_mut().append("x", value);
        Some(Ok(response))
    });
    let (_, head, _) = fixture.fetch(json!({ "url": URL })).await.unwrap();
    assert_eq!(head["headers"], json!([["x", "éÿ"]]));
}

struct Incoming {
    headers: Vec<(&'static str, &'static str)>,
    local: LocalContext,
    stages: Stages,
}

impl Request for Incoming {
    fn method(&self) -> &str {
        "GET"
    }
    fn path(&self) -> &str {
        "/"
    }
    fn query(&self) -> &str {
        ""
    }
    fn headers(&self, each: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in &self.headers {
            each(name, value.as_bytes());
        }
    }
    fn peer(&self) -> String {
        String::new()
    }
    fn id(&self) -> String {
        String::new()
    }
    fn raw_body(&self) -> Bytes {
        Bytes::new()
    }
    fn file(&self, _: u32) -> Option<Bytes> {
        None
    }
    fn local(&self) -> &LocalContext {
        &self.local
    }
    fn depth(&self) -> u32 {
        3
    }
    fn stages(&self) -> &Stages {
        &self.stages
    }
}

#[tokio::test]
async fn traces_and_depth_are_passed_on() {
    let incoming = |headers| {
        Current::Request(Arc::new(Incoming {
            headers,
            local: LocalContext::default(),
            stages: Stages::default(),
        }))
    };
    let trace = vec![
        ("traceparent", "00-1-1-01"),
        ("tracestate", "a=1"),
        ("tracestate", "b=2"),
    ];
    let mut fixture = Fixture::new(|_| response(200, &[]));
    fixture.current = incoming(trace);
    fixture.fetch(json!({ "url": URL })).await.unwrap();
    let own = json!({ "url": URL, "headers": [["traceparent", "own"]] });
    fixture.fetch(own).await.unwrap();
    fixture.current = incoming(vec![("tracestate", "a=1"), ("cookie", "secret")]);
    fixture.fetch(json!({ "url": URL })).await.unwrap();
    let [first, second, third] = &fixture.seen()[..] else {
        panic!("three requests");
    };
    assert_eq!(first.header("traceparent"), "00-1-1-01");
    assert_eq!(first.headers.get_all("tracestate").iter().count(), 2);
    assert_eq!(second.header("traceparent"), "own");
    assert!(!second.headers.contains_key("tracestate"));
    assert!(!third.headers.contains_key("tracestate") && !third.headers.contains_key("cookie"));
    assert_eq!([first.depth, second.depth, third.depth], [3, 3, 3]);
}

#[test]
fn the_time_limit_is_never_over_that_of_the_grant() {
    let most = OutgoingRules::default().timeout;
    let limit = |millis| super::super::time_limit(millis, most).ok();
    assert_eq!(limit(None), Some(most));
    assert_eq!(limit(Some(0.5)), Some(Duration::from_micros(500)));
    assert_eq!(limit(Some(f64::MAX)), Some(most));
    for invalid in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        assert_eq!(limit(Some(invalid)), None, "{invalid}");
    }
}
