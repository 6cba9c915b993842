//! Splits a `multipart/form-data` body (RFC 7578) into parts while it arrives, with the
//! crate `multer`. The host keeps one copy of each part's bytes and discards the body.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use multer::{Field, Multipart};

use crate::charset::Charset;
use crate::disposition::Disposition;
use crate::form::{FilePart, Form};
use crate::limits::MAX_PART_HEAD;
use crate::media_type::MediaType;
use crate::refusal::Refusal;

/// Reads a multipart body whose parts are separated by `boundary`.
///
/// # Errors
/// Any error of `body`; 413 for more than `limit` bytes; 400 for a malformed body, too
/// many parts, a part with too large a head, or text that is invalid in its charset.
pub async fn read_multipart<E>(
    boundary: &str,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
    limit: u64,
) -> Result<Form, Refusal>
where
    E: Into<Refusal> + Send,
{
    let head = Arc::new(AtomicU64::new(0));
    let body = BoundedBody {
        body: Box::pin(body),
        has_yielded: false,
        left: limit,
        limit,
        head: Arc::clone(&head),
    };
    let mut parts = Multipart::new(body, boundary);
    let mut form = Form::default();
    loop {
        head.store(0, Ordering::Relaxed);
        let Some(part) = parts.next_field().await.map_err(to_refusal)? else {
            return Ok(form);
        };
        head.store(u64::MAX, Ordering::Relaxed);
        read_part(part, &mut form).await?;
    }
}

async fn read_part(mut part: Field<'_>, form: &mut Form) -> Result<(), Refusal> {
    let Disposition { name, filename } = read_disposition(&part)?;
    let text_of = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let content_type = part.headers().get("content-type");
    let content_type = content_type.map(|value| text_of(value.as_bytes()));
    let is_other = |name: &&str| !["content-disposition", "content-type"].contains(name);
    let headers = part.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.as_str(), value))
        .filter(|(name, _)| is_other(name))
        .map(|(name, value)| (name.to_owned(), text_of(value.as_bytes())))
        .collect();
    let bytes = read_bytes(&mut part).await?;
    match filename {
        Some(filename) => form.file(
            name,
            FilePart {
                filename,
                content_type,
                headers,
                bytes,
            },
        ),
        None => {
            let text = read_text(content_type.as_deref(), &bytes).ok_or_else(|| {
                let name = crate::field_error::shorten(&name);
                Refusal::BadRequest(format!(
                    "the form field `{name}` is not text of its charset"
                ))
            })?;
            form.text(name, text, content_type)
        }
    }
}

/// Reads the disposition of a part. The parser of `multer` can mistake quoted text for a
/// parameter, so this uses [`Disposition`] instead.
fn read_disposition(part: &Field<'_>) -> Result<Disposition, Refusal> {
    let field = part.headers().get("content-disposition").ok_or_else(|| {
        Refusal::BadRequest(
            "a part of the multipart form has no `content-disposition`; name its field there"
                .to_owned(),
        )
    })?;
    Disposition::parse(field.as_bytes())
}

/// Reads the bytes of a part. Most parts arrive in one chunk, which is copied once.
async fn read_bytes(part: &mut Field<'_>) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = part.chunk().await.map_err(to_refusal)? {
        if first.is_empty() && rest.is_empty() {
            first = chunk;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&first);
        }
        rest.extend_from_slice(&chunk);
    }
    // A slice would keep the whole network buffer alive.
    Ok(if rest.is_empty() {
        Bytes::copy_from_slice(&first)
    } else {
        rest.freeze()
    })
}

fn read_text(content_type: Option<&str>, bytes: &[u8]) -> Option<String> {
    let charset = content_type.and_then(MediaType::parse);
    let charset =
        charset.and_then(|media| media.parameter("charset").map(|name| name.into_owned()));
    let charset = match charset {
        Some(name) => Charset::from_label(&name)?,
        None => Charset::UTF_8,
    };
    charset.decode(bytes)
}

fn to_refusal(error: multer::Error) -> Refusal {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<RefusedBody>() {
            Ok(failed) => failed.0,
            Err(error) => Refusal::BadRequest(format!("the request body cannot be read: {error}")),
        },
        error => Refusal::BadRequest(format!("the multipart form cannot be read: {error}")),
    }
}

/// A refusal that passes through `multer` as an error.
#[derive(Debug, thiserror::Error)]
#[error("the host rejected the body")]
struct RefusedBody(Refusal);

/// Limits how fast and how much `multer` reads.
///
/// With every chunk, `multer` buffers all available data and searches for the end of the
/// part's head from the start, which is quadratic. This stream therefore yields after each
/// chunk and limits the number of bytes before the head ends.
struct BoundedBody<S> {
    body: Pin<Box<S>>,
    has_yielded: bool,
    left: u64,
    limit: u64,
    /// The number of bytes since the last part; `u64::MAX` while content is being read.
    head: Arc<AtomicU64>,
}

impl<S, E> Stream for BoundedBody<S>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Refusal>,
{
    type Item = Result<Bytes, RefusedBody>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.has_yielded) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Poll::Ready(next) = self.body.as_mut().poll_next(cx) else {
            return Poll::Pending;
        };
        let Some(chunk) = next else {
            return Poll::Ready(None);
        };
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return Poll::Ready(Some(Err(RefusedBody(error.into())))),
        };
        let length = chunk.len() as u64;
        let Some(left) = self.left.checked_sub(length) else {
            let limit = self.limit;
            return Poll::Ready(Some(Err(RefusedBody(Refusal::BodyTooLarge { limit }))));
        };
        self.left = left;
        let head = self.head.load(Ordering::Relaxed);
        if head != u64::MAX {
            if head > MAX_PART_HEAD as u64 {
                return Poll::Ready(Some(Err(RefusedBody(Refusal::BadRequest(format!(
                    "the head of a part of the multipart form is longer than {MAX_PART_HEAD} bytes"
                ))))));
            }
            self.head
                .store(head.saturating_add(length), Ordering::Relaxed);
        }
        self.has_yielded = true;
        Poll::Ready(Some(Ok(chunk)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coercion_schema::CoercionSchema;
    use futures_util::FutureExt;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Reads a body that arrives at once, in chunks of `size` bytes.
    fn read(body: &[u8], size: usize, limit: u64) -> Result<Form, Refusal> {
        let pieces: Vec<_> = body.chunks(size).map(Bytes::copy_from_slice).collect();
        let pieces = pieces.into_iter().map(Ok::<_, Refusal>);
        let mut reading = Box::pin(read_multipart(
            "x",
            futures_util::stream::iter(pieces),
            limit,
        ));
        loop {
            if let Some(done) = reading.as_mut().now_or_never() {
                return done;
            }
        }
    }

    fn value(body: &[u8]) -> (Value, Vec<FilePart>) {
        let form = read(body, 7, 1 << 20).unwrap();
        form.into_json(&CoercionSchema::any()).unwrap()
    }

    fn part(head: &str, content: &str) -> String {
        format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    }

    #[test]
    fn reads_fields_and_files() {
        let file = "name=\"f\"; filename=\"n.bin\"\r\nContent-Type: image/png\r\nX-Custom: f2";
        let body = part("name=\"a\"", "one") + &part(file, "\u{1}\r\n\u{2}") + "--x--\r\n";
        let (value, files) = value(body.as_bytes());
        assert_eq!(
            value,
            json!({"a": "one", "f": {"part": 0, "filename": "n.bin", "content_type": "image/png",
                "size": 4, "headers": [["x-custom", "f2"]]}})
        );
        assert_eq!(files[0].bytes, "\u{1}\r\n\u{2}");
    }

    #[test]
    fn parameters_of_a_part_are_parsed() {
        let body = part("filename=\"a; name=evil\"; name=\"photo\"", "1")
            + &part("Name=\"title\"", "hi")
            + "--x--\r\n";
        let (read, files) = value(body.as_bytes());
        assert_eq!(read["title"], "hi");
        assert_eq!(read["photo"]["filename"], "a; name=evil");
        assert_eq!(files.len(), 1);
        // A file can contain any bytes, regardless of its name.
        let mut body = part("name=\"photo\"; filename=\"x\\\\\"", "??").into_bytes();
        let at = body.iter().position(|byte| *byte == b'?').unwrap();
        body[at..at + 2].copy_from_slice(&[0xff, 0]);
        body.extend_from_slice(b"--x--");
        let (read, files) = value(&body);
        assert_eq!(read["photo"]["filename"], "x\\");
        assert_eq!(files[0].bytes, &[0xff, 0][..]);
    }

    #[test]
    fn texts_have_charsets() {
        let mut body = part(
            "name=\"a\"\r\nContent-Type: text/plain; charset=latin1",
            "caf?",
        )
        .into_bytes();
        let at = body.iter().position(|b| *b == b'?').unwrap();
        body[at] = 0xe9;
        body.extend_from_slice(b"--x--");
        assert_eq!(value(&body).0, json!({"a": "café"}));
    }

    #[test]
    fn a_form_may_have_no_part() {
        assert_eq!(value(b"--x--\r\n").0, json!({}));
    }

    #[test]
    fn refuses_what_is_not_a_form() {
        let status = |body: &str| read(body.as_bytes(), 1000, 1 << 20).unwrap_err().status();
        assert_eq!(status("nonsense"), 400);
        assert_eq!(status(&part("name=\"a\"", "one")), 400);
        assert_eq!(status(&(part("filename=\"a\"", "one") + "--x--")), 400);
        assert_eq!(status("--x\r\nX-A: b\r\n\r\none\r\n--x--"), 400);
        let latin = "name=\"a\"\r\nContent-Type: text/plain; charset=klingon";
        assert_eq!(status(&(part(latin, "one") + "--x--")), 400);
        let many = part("name=\"a\"", "1").repeat(1001);
        assert_eq!(status(&(many + "--x--\r\n")), 400);
    }

    #[test]
    fn heads_and_bodies_are_bounded() {
        let long = format!(
            "--x\r\nContent-Disposition: form-data; name=\"{}",
            "a".repeat(1 << 20)
        );
        assert_eq!(read(long.as_bytes(), 1, 1 << 30).unwrap_err().status(), 400);
        let preamble = "-".repeat(1 << 20);
        assert_eq!(
            read(preamble.as_bytes(), 100, 1 << 30)
                .unwrap_err()
                .status(),
            400
        );
        let large = part("name=\"a\"", &"1".repeat(1000)) + "--x--";
        assert_eq!(
            read(large.as_bytes(), 10, 500),
            Err(Refusal::BodyTooLarge { limit: 500 })
        );
        let large = part("name=\"a\"; filename=\"b\"", &"\r\n-".repeat(1 << 20)) + "--x--";
        assert!(read(large.as_bytes(), 1000, 1 << 30).is_ok());
    }

    #[test]
    fn what_the_body_fails_with_is_passed_on() {
        let failing = futures_util::stream::iter([Err(Refusal::RequestTimeout)]);
        let read = read_multipart("x", failing, 9).now_or_never().unwrap();
        assert_eq!(read.unwrap_err(), Refusal::RequestTimeout);
    }

    proptest! {
        #[test]
        fn reads_what_was_written(fields in prop::collection::vec(("[a-z ]{1,6}", any::<bool>(), "[^\\x00]{0,40}"), 0..5),
            size in 1_usize..90) {
            let mut body = String::new();
            for (name, is_file, content) in &fields {
                let file = if *is_file { "; filename=\"f\"" } else { "" };
                body += &part(&format!("name=\"{name}\"{file}"), content);
            }
            body += "--x--\r\n";
            prop_assume!(!fields.iter().any(|(_, _, content)| content.contains("--x")));
            let form = read(body.as_bytes(), size, 1 << 20).unwrap();
            let kept: Vec<_> = form.parts().map(|(name, _, file)| (name.to_owned(), file.is_some())).collect();
            let sent: Vec<_> = fields.iter().map(|(name, is_file, _)| (name.clone(), *is_file)).collect();
            prop_assert_eq!(kept, sent);
            let files: Vec<_> = form.parts().filter_map(|(_, _, file)| file).map(|f| f.bytes.clone()).collect();
            let sent: Vec<_> = fields.iter().filter(|f| f.1).map(|f| Bytes::from(f.2.clone())).collect();
            prop_assert_eq!(files, sent);
        }

        #[test]
        fn never_panics(body in prop::collection::vec(prop_oneof![Just("--x"), Just("\r\n"), Just("--"),
            Just("Content-Disposition: form-data; name=\"a\""), Just("a"), Just("\r\n\r\n"), Just("\r")], 0..12),
            size in 1_usize..20) {
            let _ = read(body.concat().as_bytes(), size, 1 << 16);
        }
    }
}
