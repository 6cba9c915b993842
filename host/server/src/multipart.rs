//! Hands a `multipart/form-data` body to the app crate, which takes it apart.

use bytes::Bytes;
use spikard_wasm_app::{Form, MediaType, Refusal, read_multipart};

/// Reads a complete multipart body.
///
/// # Errors
/// 400 for one without a boundary, or that is not well formed.
pub(crate) async fn read(content_type: &[u8], body: Bytes) -> Result<Form, Refusal> {
    let content_type = String::from_utf8_lossy(content_type);
    let boundary = MediaType::parse(&content_type).and_then(|media| media.parameter("boundary"));
    let boundary = boundary.ok_or_else(|| {
        Refusal::BadRequest("multipart/form-data requires 'boundary' parameter".to_owned())
    })?;
    let limit = body.len() as u64;
    let whole = futures_util::stream::iter([Ok::<_, Refusal>(body)]);
    read_multipart(&boundary, whole, limit).await
}
