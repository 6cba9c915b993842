//! Response bodies.

use std::io::Write;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use http::Response;
use serde_json::json;
use tokio::sync::mpsc;

use super::super::*;
use super::support::{Fixture, poll_once, response, streamed};
use crate::outbound::{BodyError, OutboundError};

fn url() -> serde_json::Value {
    json!({ "url": "https://a.example.com/" })
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// `hello hello ` four times, encoded by Node.js.
const BROTLI: &[u8] = &[
    0x1b, 0x2f, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0x44, 0x55, 0x86, 0x96, 0x6c, 0x20, 0x6f, 0x61,
    0x4f, 0x1c, 0x80, 0xe2, 0x00,
];

type Chunk = Result<Bytes, BodyError>;

/// Answers the first request with a body whose chunks the test sends.
fn by_hand(headers: &'static [(&'static str, &'static str)]) -> (Fixture, mpsc::Sender<Chunk>) {
    let (sender, receiver) = mpsc::channel::<Chunk>(64);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let fixture = Fixture::new(move |_| {
        let receiver = receiver.lock().unwrap().take()?;
        let chunks = stream::unfold(receiver, |mut receiver| async move {
            let chunk = receiver.recv().await?;
            Some((chunk, receiver))
        });
        let mut response = Response::builder();
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Some(Ok(response.body(streamed(chunks)).unwrap()))
    });
    (fixture, sender)
}

#[tokio::test]
async fn what_has_arrived_is_the_result() {
    let mut fixture = Fixture::with_body(&[("content-length", "5")], &[b"he", b"", b"llo"]);
    let (_, head, body) = fixture.fetch(url()).await.unwrap();
    assert_eq!(body, b"hello");
    assert!(head.get("body").is_none());
    assert_eq!(head["headers"], json!([["content-length", "5"]]));
}

#[tokio::test]
async fn a_body_goes_on_chunk_by_chunk() {
    let (mut fixture, sender) = by_hand(&[]);
    sender.send(Ok(Bytes::from_static(b"one"))).await.unwrap();
    let (_, head, body) = fixture.fetch(url()).await.unwrap();
    assert_eq!((&head["body"], &*body), (&json!(1), &b"one"[..]));
    // Nothing has arrived.
    let number = json!({ "body": 1 });
    let mut read = fixture.start("fetch.read", &number, "").unwrap();
    assert!(poll_once(&mut read).await.is_pending());
    for text in ["two", "three"] {
        sender.send(Ok(text.into())).await.unwrap();
    }
    let read = read.await.unwrap();
    assert_eq!((&*read.head, read.body.as_bytes()), ("", &b"twothree"[..]));
    sender.send(Ok(vec![7; 100_000].into())).await.unwrap();
    drop(sender);
    assert_eq!(fixture.rest(&head).await, Ok(vec![7; 100_000]));
    let failed = fixture.read(&head).await.unwrap_err();
    assert_eq!(failed.code, "invalid");
}

#[tokio::test]
async fn a_body_is_read_once_at_a_time() {
    let (mut fixture, sender) = by_hand(&[]);
    fixture.fetch(url()).await.unwrap();
    let number = json!({ "body": 1 });
    let mut first = fixture.start("fetch.read", &number, "").unwrap();
    assert!(poll_once(&mut first).await.is_pending());
    let second = fixture.start("fetch.read", &number, "").err().unwrap();
    assert_eq!(second.code, "invalid");
    assert!(second.message.contains("is being read"), "{second}");
    // An abandoned read loses nothing.
    drop(first);
    sender.send(Ok("text".into())).await.unwrap();
    let mut third = fixture.start("fetch.read", &number, "").unwrap();
    let Poll::Ready(Ok(read)) = poll_once(&mut third).await else {
        panic!("the chunk has arrived");
    };
    assert_eq!(read.body.as_bytes(), b"text");
}

#[tokio::test]
async fn a_closed_body_ends_its_read() {
    let (mut fixture, sender) = by_hand(&[]);
    fixture.fetch(url()).await.unwrap();
    let number = json!({ "body": 1 });
    let read = fixture.start("fetch.read", &number, "").unwrap();
    for _ in 0..2 {
        fixture.run("fetch.close", &number, "").await.unwrap();
    }
    assert_eq!(read.await.unwrap_err().code, "invalid");
    assert!(sender.is_closed());
    assert_eq!(
        fixture
            .run("fetch.read", &number, "")
            .await
            .unwrap_err()
            .code,
        "invalid"
    );
    let unknown = fixture.start("fetch.cancel", &number, "").err().unwrap();
    assert_eq!(unknown.code, "unknown-kind");
}

#[tokio::test]
async fn bodies_end_with_their_task() {
    let (mut fixture, sender) = by_hand(&[]);
    fixture.fetch(url()).await.unwrap();
    assert!(!sender.is_closed());
    fixture.resources = Resources::default();
    assert!(sender.is_closed());
    // A read in progress does not keep the body either.
    let (mut fixture, sender) = by_hand(&[]);
    fixture.fetch(url()).await.unwrap();
    let read = fixture
        .start("fetch.read", &json!({ "body": 1 }), "")
        .unwrap();
    fixture.resources = Resources::default();
    assert_eq!(read.await.unwrap_err().code, "invalid");
    assert!(sender.is_closed());
    // Nor does a response that arrives later.
    let (mut fixture, sender) = by_hand(&[]);
    let fetch = fixture.start("fetch", &url(), "").unwrap();
    fixture.resources = Resources::default();
    assert_eq!(fetch.await.unwrap_err().code, "invalid");
    assert!(sender.is_closed());
}

#[tokio::test]
async fn encoded_bodies_are_decoded() {
    let text = b"hello world, ".repeat(50);
    let members = [gzip(&text), gzip(b""), gzip(b"end")].concat();
    let both = [text.as_slice(), b"end"].concat();
    let brotli = b"hello hello ".repeat(4);
    for (coding, encoded, decoded) in [
        ("gzip", &gzip(&text)[..], &text),
        ("X-GZip", &members, &both),
        ("br", BROTLI, &brotli),
        ("gzip", b"", &Vec::new()),
        ("br", b"", &Vec::new()),
    ] {
        let length = encoded.len().to_string();
        let headers = [
            ("content-encoding", coding),
            ("content-length", &length),
            ("x", "1"),
        ];
        // One byte per frame.
        let frames: Vec<&[u8]> = encoded.chunks(1).collect();
        let mut fixture = Fixture::with_body(&headers, &frames);
        let (_, head, mut body) = fixture.fetch(url()).await.unwrap();
        if head.get("body").is_some() {
            body.extend(fixture.rest(&head).await.unwrap());
        }
        assert_eq!(&body, decoded, "{coding}");
        assert_eq!(head["headers"], json!([["x", "1"]]));
        // Without `decompress`, and in another coding, the guest gets the bytes as they are.
        let raw = json!({ "url": "https://a.example.com/", "decompress": false });
        let mut fixture = Fixture::with_body(&headers, &[encoded]);
        let (_, head, body) = fixture.fetch(raw).await.unwrap();
        assert_eq!(
            (&*body, head["headers"].as_array().unwrap().len()),
            (encoded, 3)
        );
    }
    let mut fixture = Fixture::with_body(&[("content-encoding", "zstd")], &[b"raw"]);
    assert_eq!(fixture.fetch(url()).await.unwrap().2, b"raw");
}

/// A response to HEAD describes a body that it does not have.
#[tokio::test]
async fn a_head_without_a_body_keeps_its_headers() {
    let headers = [("content-encoding", "gzip"), ("content-length", "100")];
    for (method, status) in [("HEAD", 200), ("GET", 304), ("GET", 204)] {
        let mut fixture = Fixture::new(move |_| response(status, &headers));
        let head = json!({ "url": "https://a.example.com/", "method": method });
        let (_, head, body) = fixture.fetch(head).await.unwrap();
        assert_eq!((body.len(), head.get("body")), (0, None));
        assert_eq!(head["headers"].as_array().unwrap().len(), 2);
    }
}

/// The limit of the grant applies to decoded bytes.
#[tokio::test]
async fn decompression_bombs_are_rejected() {
    let most = 1 << 20;
    let bomb = gzip(&vec![0; 50 << 20]);
    let members = gzip(&vec![0; 200 << 10]).repeat(1000);
    for encoded in [bomb, members] {
        assert!(encoded.len() < most);
        let mut fixture = Fixture::with_body(&[("content-encoding", "gzip")], &[&encoded]);
        let (_, head, body) = fixture.fetch(url()).await.unwrap();
        assert!(body.len() <= 64 << 10);
        let mut total = body.len();
        let failed = loop {
            match fixture.read(&head).await {
                Ok(read) => total += read.body.as_bytes().len(),
                Err(failed) => break failed,
            }
        };
        assert_eq!(failed.code, "too-large");
        assert!(total <= most, "{total}");
    }
    // A body of exactly the limit is complete.
    let encoded = gzip(&vec![0; most]);
    let mut fixture = Fixture::with_body(&[("content-encoding", "gzip")], &[&encoded]);
    let (_, head, body) = fixture.fetch(url()).await.unwrap();
    let rest = fixture.rest(&head).await.unwrap();
    assert_eq!(body.len() + rest.len(), most);
}

/// A body that decodes to nothing leaves the worker to others now and then.
#[tokio::test]
async fn a_body_that_decodes_to_nothing_yields() {
    let nothing = gzip(b"").repeat(400_000);
    let mut fixture = Fixture::with_body(&[("content-encoding", "gzip")], &[&nothing]);
    let (_, head, _) = fixture.fetch(url()).await.unwrap();
    let mut read = fixture
        .start("fetch.read", &json!({ "body": head["body"] }), "")
        .unwrap();
    assert!(poll_once(&mut read).await.is_pending());
    let read = read.await.unwrap();
    assert_eq!(
        (&*read.head, read.body.as_bytes()),
        (r#"{"end":true}"#, &b""[..])
    );
}

#[tokio::test]
async fn truncated_and_invalid_bodies_fail() {
    let whole = gzip(&b"hello world, ".repeat(500));
    let mut changed = whole.clone();
    *changed.last_mut().unwrap() ^= 1;
    let trailing = [whole.as_slice(), b"garbage after the end"].concat();
    for (coding, encoded) in [
        ("gzip", &whole[..whole.len() - 1]),
        ("gzip", &whole[..20]),
        ("gzip", &whole[..3]),
        ("gzip", &changed),
        ("gzip", &trailing),
        ("gzip", b"not gzip at all"),
        ("br", &BROTLI[..BROTLI.len() - 3]),
        ("br", b"\xff\xff\xff\xff"),
    ] {
        let mut fixture = Fixture::with_body(&[("content-encoding", coding)], &[encoded]);
        let (_, head, _) = fixture.fetch(url()).await.unwrap();
        let failed = loop {
            match fixture.read(&head).await {
                Ok(read) => assert_eq!(read.head, ""),
                Err(failed) => break failed,
            }
        };
        assert_eq!(failed.code, "unavailable", "{failed}");
        assert!(failed.message.contains("compressed body"), "{failed}");
    }
}

#[tokio::test]
async fn lies_about_the_length_are_found() {
    for (length, word) in [("4", "more"), ("6", "fewer")] {
        let mut fixture = Fixture::with_body(&[("content-length", length)], &[b"hello"]);
        let (_, head, _) = fixture.fetch(url()).await.unwrap();
        let failed = fixture.rest(&head).await.unwrap_err();
        assert_eq!(failed.code, "unavailable");
        assert!(failed.message.contains(word), "{failed}");
    }
}

#[tokio::test]
async fn errors_of_a_body_have_codes() {
    let lost = || std::io::Error::new(std::io::ErrorKind::ConnectionReset, "reset by peer");
    let errors: [(BodyError, &str); 3] = [
        (lost().into(), "unavailable"),
        (OutboundError::TooLarge("x".into(), 7).into(), "too-large"),
        (
            OutboundError::ChunkTimeout("x".into(), Duration::from_secs(1)).into(),
            "timeout",
        ),
    ];
    for (error, code) in errors {
        let (mut fixture, sender) = by_hand(&[]);
        sender.send(Ok("before".into())).await.unwrap();
        sender.send(Err(error)).await.unwrap();
        let (_, head, body) = fixture.fetch(url()).await.unwrap();
        assert_eq!(body, b"before");
        assert_eq!(fixture.read(&head).await.unwrap_err().code, code);
        assert_eq!(fixture.read(&head).await.unwrap_err().code, "invalid");
        assert!(sender.is_closed());
    }
}

/// An endless body is bounded by the limit of the grant; nothing accumulates unread.
#[tokio::test]
async fn an_endless_body_is_bounded() {
    let polled = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = polled.clone();
    let mut fixture = Fixture::new(move |_| {
        let count = count.clone();
        let chunks = stream::repeat_with(move || {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(Bytes::from_static(&[b'x'; 8 << 10]))
        });
        Some(Ok(Response::new(streamed(chunks))))
    });
    let (_, head, body) = fixture.fetch(url()).await.unwrap();
    assert_eq!(body.len(), 64 << 10);
    assert_eq!(polled.load(std::sync::atomic::Ordering::Relaxed), 8);
    assert_eq!(fixture.rest(&head).await.unwrap_err().code, "too-large");
}

/// Frames without data do not hold up the worker.
#[tokio::test]
async fn endless_empty_frames_yield() {
    let mut fixture = Fixture::new(|_| {
        let chunks = stream::repeat_with(|| Ok(Bytes::new()));
        Some(Ok(Response::new(streamed(chunks))))
    });
    let (_, head, _) = fixture.fetch(url()).await.unwrap();
    let mut read = fixture
        .start("fetch.read", &json!({ "body": head["body"] }), "")
        .unwrap();
    for _ in 0..3 {
        assert!(poll_once(&mut read).await.is_pending());
    }
}
