//! Responses as guests get them.

use std::future::poll_fn;
use std::task::Poll;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};
use spikard_wasm_services::{Failed, Outcome, Payload};

use super::arguments::Exchange;
use super::body::{Body, Coding};
use super::request::{MAX_HEADER_BYTES, MAX_HEADERS, Request, is_set_by_host};
use crate::operations::result::OperationResult;
use crate::outbound::StreamBody;

/// How often the worker's other tasks run, in total and without a new byte, before the rest of a
/// body counts as not arrived. The task of a connection hands over what has arrived bit by bit:
/// the head, each chunk and the end.
const MAX_YIELDS: u32 = 32;
const MAX_IDLE_YIELDS: u32 = 1;

/// Returns the result of a request.
pub(super) async fn outcome(
    exchange: &Exchange,
    request: &Request,
    response: Response<StreamBody>,
) -> OperationResult {
    let origin = request.origin();
    let (parts, stream) = response.into_parts();
    check_size(&origin, &parts.headers)?;
    let has_body = request.method != Method::HEAD
        && !matches!(
            parts.status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        );
    let coding = match exchange.decompress && has_body {
        true => coding(&parts.headers),
        false => None,
    };
    let length = match has_body {
        true => length(&parts.headers),
        false => None,
    };
    let mut body = Body::new(origin, stream, coding, length, exchange.max_body);
    arrived(&mut body).await;
    let (bytes, is_over) = body.take_arrived();
    let is_decoded = coding.is_some();
    let mut head = json!({
        "url": request.shown_url(),
        "redirected": request.redirects > 0,
        "headers": list(&parts.headers, is_decoded),
    });
    if !is_over {
        let bodies = exchange.bodies.upgrade();
        let number = bodies.map(|bodies| bodies.insert(body));
        let gone = || Failed::new("invalid", "the task of the request has ended");
        head["body"] = Value::from(number.ok_or_else(gone)?);
    }
    Ok(Outcome {
        status: parts.status.as_u16(),
        head: head.to_string(),
        body: Payload::Bytes(bytes),
    })
}

/// Receives what has arrived with the head, without waiting for the peer.
async fn arrived(body: &mut Body) {
    let mut idle = 0;
    for _ in 0..MAX_YIELDS {
        let before = body.len();
        let is_full = poll_fn(|cx| Poll::Ready(body.poll_fill(cx).is_ready())).await;
        idle = if body.len() > before { 0 } else { idle + 1 };
        if is_full || idle > MAX_IDLE_YIELDS {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Limits the head of a response, for senders that do not.
fn check_size(origin: &str, headers: &HeaderMap) -> Result<(), Failed> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    match headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        true => Err(Failed::new(
            "too-large",
            format!(
                "the response of `{origin}` has {} headers of {bytes} bytes; at most {MAX_HEADERS} of {MAX_HEADER_BYTES} bytes are accepted",
                headers.len()
            ),
        )),
        false => Ok(()),
    }
}

/// Returns the content coding if the host can decode it.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(CONTENT_ENCODING).into_iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    match value.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Some(Coding::Gzip),
        "br" => Some(Coding::Brotli),
        _ => None,
    }
}

/// Returns the length of the body that the head announces.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns the headers as pairs; values are decoded as Latin-1, as the Fetch standard does.
fn list(headers: &HeaderMap, is_decoded: bool) -> Value {
    let is_omitted = |name: &http::HeaderName| {
        let describes_coding = *name == CONTENT_ENCODING || *name == CONTENT_LENGTH;
        match describes_coding {
            true => is_decoded,
            false => is_set_by_host(name),
        }
    };
    let pairs = headers.iter().filter(|(name, _)| !is_omitted(name));
    pairs
        .map(|(name, value)| {
            let value: String = value.as_bytes().iter().copied().map(char::from).collect();
            json!([name.as_str(), value])
        })
        .collect()
}
