//! Unit tests of compression and header handling that end-to-end tests cannot observe.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Request, Response};
use spikard_wasm_app::policy::{Algorithm, Coding, Compression};

use super::compression;
use super::headers::{joined, vary};
use super::passage::{Origin, origin};
use crate::response::{self, HttpResponse};

const GZIP: Coding = Coding::Encoded {
    algorithm: Algorithm::Gzip,
    always: false,
};

fn json(length: usize) -> HttpResponse {
    let body: Vec<u8> = (0..length)
        .map(|at| b"0123456789, "[at * at % 12])
        .collect();
    let mut response = Response::new(Bytes::from(body).into());
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut request = Request::new(());
    for (name, value) in pairs {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(*name, value);
    }
    std::mem::take(request.headers_mut())
}

#[tokio::test]
async fn short_bodies_have_a_length_and_long_ones_are_streamed() {
    for (length, is_known) in [(2000, true), (64 << 10, true), (1 << 20, false)] {
        let response = compression::compress(&Compression::default(), GZIP, json(length)).await;
        assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(response::length(&response).is_some(), is_known, "{length}");
        let is_exact = response.body().size_hint().exact().is_some();
        assert_eq!(is_exact, is_known);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(
            !body.is_empty() && body.len() < length / 2,
            "{}",
            body.len()
        );
    }
}

/// The minimum size itself is compressed, and a byte less is not.
#[tokio::test]
async fn a_body_of_the_minimum_size_is_compressed() {
    let declared = Compression {
        min_size: 50,
        ..Compression::default()
    };
    for (policy, length, is_compressed) in [
        (&Compression::default(), 1023, false),
        (&Compression::default(), 1024, true),
        (&declared, 49, false),
        (&declared, 50, true),
    ] {
        let response = compression::compress(policy, GZIP, json(length)).await;
        let has_coding = response.headers().contains_key(CONTENT_ENCODING);
        assert_eq!(has_coding, is_compressed, "{length}");
    }
}

/// A response to HEAD must not have the length of a compressed empty body.
#[tokio::test]
async fn head_of_a_compressible_file_has_no_length() {
    for length in [2000, 64 << 10, 1 << 20] {
        let mut head = json(0);
        let declared = HeaderValue::from(length);
        head.headers_mut().insert(CONTENT_LENGTH, declared);
        let head = compression::compress(&Compression::default(), GZIP, head).await;
        assert_eq!(head.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(head.headers()["vary"], "Accept-Encoding");
        assert_eq!(response::length(&head), None, "{length}");
    }
}

/// A worker has one thread: a long body must not keep it from other requests.
#[tokio::test]
async fn compressing_a_long_body_yields_to_other_tasks() {
    let response = compression::compress(&Compression::default(), GZIP, json(8 << 20)).await;
    let others = async {
        let mut turns = 0_u32;
        loop {
            tokio::task::yield_now().await;
            turns += 1;
            if turns == 100 {
                return turns;
            }
        }
    };
    // The body is polled first in each round, but the other task finishes before it.
    let mut body = std::pin::pin!(response.into_body().collect());
    tokio::select! {
        biased;
        whole = &mut body => panic!("{} bytes at once", whole.unwrap().to_bytes().len()),
        turns = others => assert_eq!(turns, 100),
        () = tokio::time::sleep(Duration::from_secs(30)) => panic!("no turn"),
    }
    assert!(body.await.unwrap().to_bytes().len() < 4 << 20);
}

#[test]
fn fields_are_joined_and_added_to() {
    let mut known = headers(&[("vary", "Accept"), ("vary", "x-a,origin")]);
    vary(&mut known, "Origin");
    assert_eq!(joined(&known, &hyper::header::VARY), b"Accept, x-a,origin");
    vary(&mut known, "Accept-Encoding");
    assert_eq!(known["vary"], "Accept, x-a,origin, Accept-Encoding");
    let mut all = headers(&[("vary", "*")]);
    vary(&mut all, "Origin");
    assert_eq!(all["vary"], "*");
    assert!(matches!(origin(&headers(&[])), Origin::None));
    let two = headers(&[("origin", "https://a"), ("origin", "https://a")]);
    assert!(matches!(origin(&two), Origin::One(origin) if origin.is_empty()));
}
