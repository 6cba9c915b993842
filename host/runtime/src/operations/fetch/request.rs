//! Requests as a guest describes them.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, EXPECT, RANGE, TE, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use spikard_wasm_app::one_line;
use spikard_wasm_services::Failed;
use url::Url;
use wasmtime_wasi_http::DEFAULT_FORBIDDEN_HEADERS;

use super::arguments::Fetch;
use super::failure::invalid;
use super::uploads::{Upload, Uploads};
use crate::current::Current;
use crate::outbound::StreamBody;

/// Maximum number of headers, and of bytes in them.
pub(super) const MAX_HEADERS: usize = 1000;
pub(super) const MAX_HEADER_BYTES: usize = 64 << 10;

/// A request, which [redirects](super::redirect) change.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Content,
    /// The number of redirects that it has followed.
    pub(super) redirects: u32,
}

/// The body of a request.
pub(super) enum Content {
    Whole(Bytes),
    /// The guest still produces the body. It can be sent once.
    Upload(Option<Upload>),
}

impl Request {
    /// Checks a request.
    pub(super) fn new(fetch: &Fetch, body: Bytes) -> Result<Self, Failed> {
        let url = Url::parse(&fetch.url).map_err(|error| {
            let shown = shown(&fetch.url);
            invalid(format!("the URL `{shown}` is invalid: {error}"))
        })?;
        check_url(&url).map_err(|why| invalid(format!("the URL `{}` {why}", shown(&fetch.url))))?;
        let mut headers = headers(&fetch.headers)?;
        // A range of an encoded body cannot be decoded.
        if fetch.decompress
            && !headers.contains_key(ACCEPT_ENCODING)
            && !headers.contains_key(RANGE)
        {
            let codings = HeaderValue::from_static("gzip, br");
            headers.insert(ACCEPT_ENCODING, codings);
        }
        Ok(Self {
            method: method(fetch.method.as_deref().unwrap_or("GET"))?,
            url,
            headers,
            body: Content::Whole(body),
            redirects: 0,
        })
    }

    /// Continues the body with an upload.
    pub(super) fn upload(&mut self, number: u32, uploads: &mut Uploads) -> Result<(), Failed> {
        if matches!(self.method, Method::GET | Method::HEAD) {
            return Err(invalid(format!(
                "a request with the method `{}` has no body; use another method, or omit `upload`",
                self.method
            )));
        }
        if let Content::Whole(first) = &mut self.body {
            let first = std::mem::take(first);
            self.body = Content::Upload(Some(uploads.open(number, first)?));
        }
        Ok(())
    }

    /// Adds the trace headers of the request in progress.
    pub(super) fn trace(&mut self, current: &Current) {
        let Current::Request(request) = current else {
            return;
        };
        if self.headers.contains_key("traceparent") || self.headers.contains_key("tracestate") {
            return;
        }
        let mut traces = HeaderMap::new();
        request.headers(&mut |name, value| {
            let name = match name {
                "traceparent" => HeaderName::from_static("traceparent"),
                "tracestate" => HeaderName::from_static("tracestate"),
                _ => return,
            };
            if let Ok(value) = HeaderValue::from_bytes(value) {
                // More headers than the map can hold never arrive.
                let _ = traces.try_append(name, value);
            }
        });
        if traces.contains_key("traceparent") {
            self.headers.extend(traces);
        }
    }

    /// Returns the origin for messages.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Returns the URL without a fragment.
    pub(super) fn shown_url(&self) -> &str {
        let url = self.url.as_str();
        url.split_once('#').map_or(url, |(url, _)| url)
    }

    /// Returns the request to send.
    pub(super) fn next_http(&mut self) -> Result<http::Request<StreamBody>, Failed> {
        let body = match &mut self.body {
            Content::Whole(bytes) => {
                let body = Full::new(bytes.clone()).map_err(|never| match never {});
                body.boxed_unsync()
            }
            Content::Upload(upload) => {
                let upload = upload.take().ok_or_else(|| {
                    let message = "a redirect wants the body again, which was streamed; send the whole body, or set `redirect` to `manual`";
                    Failed::new("failed", message)
                })?;
                upload.into_body()
            }
        };
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = self.headers.clone();
        *request.uri_mut() = self.shown_url().parse().map_err(|error| {
            let url = shown(self.url.as_str());
            invalid(format!("the URL `{url}` cannot be sent: {error}"))
        })?;
        Ok(request)
    }
}

/// Returns why a URL cannot be requested.
pub(super) fn check_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("has another scheme than `http` and `https`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("contains a user; send the header `authorization` instead");
    }
    Ok(())
}

/// Normalizes a method as the Fetch standard does.
fn method(text: &str) -> Result<Method, Failed> {
    let shown = shown(text);
    let method = Method::from_bytes(text.as_bytes())
        .map_err(|_| invalid(format!("`{shown}` is not a method")))?;
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "CONNECT" | "TRACE" | "TRACK" => Err(invalid(format!(
            "the method `{shown}` is not available to apps; use another one"
        ))),
        "DELETE" => Ok(Method::DELETE),
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "OPTIONS" => Ok(Method::OPTIONS),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        _ => Ok(method),
    }
}

/// Checks the headers. Omits those that the host sets.
fn headers(list: &[(String, String)]) -> Result<HeaderMap, Failed> {
    let bytes: usize = list
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if list.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        let message = format!(
            "the request has {} headers of {bytes} bytes; send at most {MAX_HEADERS} of {MAX_HEADER_BYTES} bytes",
            list.len()
        );
        return Err(Failed::new("too-large", message));
    }
    let mut headers = HeaderMap::new();
    for (name, text) in list {
        let shown = shown(name);
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid(format!("`{shown}` is not the name of a header")))?;
        let value = value(text).ok_or_else(|| {
            invalid(format!(
                "the value of the header `{shown}` contains a control character, or one outside of Latin-1"
            ))
        })?;
        if !is_set_by_host(&name) {
            headers.append(name, value);
        }
    }
    Ok(headers)
}

/// Returns true for headers that belong to the connection or describe the body as it is sent.
pub(super) fn is_set_by_host(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name) || [CONTENT_LENGTH, EXPECT, TE, TRAILER].contains(name)
}

/// Encodes a value in Latin-1, as the Fetch standard does.
fn value(text: &str) -> Option<HeaderValue> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let bytes: Option<Vec<u8>> = text
        .chars()
        .map(|char| u8::try_from(u32::from(char)).ok())
        .collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

/// Returns the start of a guest's text for a message.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    one_line(&text[..text.floor_char_boundary(256)])
}
