//! Reads a request's body, up to the route's limit and in time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use spikard_wasm_app::Refusal;

/// Reads a body completely.
///
/// # Errors
/// 413 past the limit, which a declared length past it is at once; 408 when it
/// does not arrive in time; 400 when the connection fails it.
pub(crate) async fn read(body: Incoming, limit: u64, timeout: Duration) -> Result<Bytes, Refusal> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let too_large = || Refusal::BodyTooLarge { limit };
    let declared = body.size_hint();
    if declared.lower() > limit {
        return Err(too_large());
    }
    tokio::time::timeout(timeout, collect(body, limit))
        .await
        .unwrap_or(Err(Refusal::RequestTimeout))
}

async fn collect(mut body: Incoming, limit: u64) -> Result<Bytes, Refusal> {
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut length = 0_u64;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Refusal::BadRequest(format!("the request body cannot be read: {error}"))
        })?;
        // Trailers carry nothing a handler asks for.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len() as u64);
        if length > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        // A body that came in one piece, as small ones do, is not copied.
        match first.take() {
            None if rest.is_empty() => first = Some(data),
            Some(begin) => {
                rest.extend_from_slice(&begin);
                rest.extend_from_slice(&data);
            }
            None => rest.extend_from_slice(&data),
        }
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}
