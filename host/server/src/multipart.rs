//! Takes a `multipart/form-data` body (RFC 7578) apart, with the crate `multer`.

use std::convert::Infallible;

use bytes::Bytes;
use multer::Multipart;
use spikard_wasm_app::{FilePart, Form, Refusal};

/// How many parts a form may have: each costs more memory than its bytes.
const MAX_PARTS: usize = 1000;

/// Reads a complete multipart body.
///
/// # Errors
/// 400 for one without a boundary, or that is not well formed.
pub(crate) async fn read(content_type: &[u8], body: Bytes) -> Result<Form, Refusal> {
    let content_type = String::from_utf8_lossy(content_type);
    let boundary = multer::parse_boundary(&content_type).map_err(|_| {
        Refusal::BadRequest("multipart/form-data requires 'boundary' parameter".to_owned())
    })?;
    let whole = futures_util::stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts = Multipart::new(whole, boundary);
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        if form.len() == MAX_PARTS {
            return Err(Refusal::BadRequest(format!(
                "the form has more than {MAX_PARTS} parts"
            )));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let filename = part.file_name().map(str::to_owned);
        let content_type = part.content_type().map(ToString::to_string);
        let bytes = part.bytes().await.map_err(malformed)?;
        match filename {
            Some(filename) => form.file(
                name,
                FilePart {
                    filename,
                    content_type,
                    bytes,
                },
            ),
            None => {
                let text = String::from_utf8(bytes.into()).map_err(|_| {
                    Refusal::BadRequest(format!("the form field `{name}` is not UTF-8"))
                })?;
                form.text(name, text);
            }
        }
    }
    Ok(form)
}

fn malformed(error: multer::Error) -> Refusal {
    Refusal::BadRequest(format!("the multipart form cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &[u8] = b"multipart/form-data; boundary=x";

    #[tokio::test]
    async fn reads_fields_and_files() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
            --x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.bin\"\r\n\
            Content-Type: image/png\r\n\r\n\u{1}\u{2}\r\n--x--\r\n";
        let form = read(TYPE, Bytes::from(body)).await.unwrap();
        assert_eq!(form.len(), 2);
    }

    #[tokio::test]
    async fn refuses_what_is_not_a_form() {
        let status = |result: Result<Form, Refusal>| result.unwrap_err().status();
        assert_eq!(
            status(read(b"multipart/form-data", Bytes::new()).await),
            400
        );
        assert_eq!(status(read(TYPE, Bytes::from("nonsense")).await), 400);
        let cut = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none";
        assert_eq!(status(read(TYPE, Bytes::from(cut)).await), 400);
        let many = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n".repeat(1001);
        assert_eq!(
            status(read(TYPE, Bytes::from(many + "--x--\r\n")).await),
            400
        );
    }
}
