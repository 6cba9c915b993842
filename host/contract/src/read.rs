//! Validates the parameters and the body of a request.

use std::task::{Context, Poll, Waker};

use futures_util::stream;
use spikard_wasm_app::{Body, Form, RawPath, Refusal, Route, read_multipart};

use crate::Head;

/// The call that the handler of a request receives.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The route's parameters as one JSON object; empty if the route has none.
    pub params: String,
    /// The body.
    pub body: Body,
    /// The body as `request.raw-body` returns it; empty for a multipart form.
    pub raw: Vec<u8>,
    /// The bytes of a form's files, in the order of their parts.
    pub files: Vec<Vec<u8>>,
}

/// Checks in the order of the host: the body's coding, type and length, and the syntax of a
/// multipart form, are refused alone; the errors of parameters and of the body's content
/// come together.
pub(crate) fn read(
    route: &Route,
    values: &RawPath,
    head: &Head,
    raw: Vec<u8>,
) -> Result<Call, Refusal> {
    let params = route.read_params(values, head);
    let content = read_body(route, head, raw)?;
    let (params, (body, raw, files)) = Refusal::combine(params, content)?;
    Ok(Call {
        params,
        body,
        raw,
        files,
    })
}

/// A body, its raw bytes unless it is a multipart form, and the bytes of its files.
type Content = (Body, Vec<u8>, Vec<Vec<u8>>);

fn read_body(
    route: &Route,
    head: &Head,
    raw: Vec<u8>,
) -> Result<Result<Content, Refusal>, Refusal> {
    if !raw.is_empty() {
        let codings = head.values("content-encoding");
        route.body().check_content_coding(codings)?;
    }
    let plan = match route.body().plan(head.first("content-type")) {
        // An empty body has no content type to check.
        Err(Refusal::UnsupportedMediaType | Refusal::UnsupportedCharset { .. })
            if raw.is_empty() =>
        {
            route.body().plan(None)?
        }
        plan => plan?,
    };
    let limit = route.body_limit();
    if u64::try_from(raw.len()).is_ok_and(|length| length > limit) {
        return Err(Refusal::BodyTooLarge { limit });
    }
    Ok(match plan.boundary() {
        Some(boundary) if !raw.is_empty() => {
            let form = read_form(boundary, raw, limit)?;
            plan.read_form(form).map(|(body, files)| {
                let files = files.into_iter().map(|file| file.bytes.to_vec());
                (body, Vec::new(), files.collect())
            })
        }
        _ => plan
            .read(raw.clone().into())
            .map(|body| (body, raw, Vec::new())),
    })
}

/// Splits a multipart form. The whole body is available, so polling always makes progress,
/// although the reader yields between chunks.
fn read_form(boundary: &str, raw: Vec<u8>, limit: u64) -> Result<Form, Refusal> {
    let pieces = stream::iter([Ok::<_, Refusal>(raw.into())]);
    let mut reading = std::pin::pin!(read_multipart(boundary, pieces, limit));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(form) = reading.as_mut().poll(&mut context) {
            return form;
        }
    }
}
