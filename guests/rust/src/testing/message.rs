//! A test's request as data, and the head and the body that a client sends for it.

use std::collections::BTreeMap;
use std::time::Duration;

use spikard_wasm_contract::Head;

use crate::method::{Method, method_name};

/// The boundary between the parts of a multipart body.
const BOUNDARY: &str = "spikard-test-boundary";

/// A request of a test.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Payload,
    /// Values of the local context, as JSON texts.
    pub(super) local: BTreeMap<String, String>,
    /// How long the client waits for the reply.
    pub(super) disconnect_after: Option<Duration>,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Empty,
    Bytes(String, Vec<u8>),
    Multipart(Vec<Part>),
}

/// A part of a multipart body; `file` holds the name and the content type of a file.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) field: String,
    pub(super) file: Option<(String, String)>,
    pub(super) bytes: Vec<u8>,
}

impl Message {
    /// Returns the head of the request and the bytes of its body.
    pub(super) fn write(&self) -> (Head, Vec<u8>) {
        let headers = self.headers.iter();
        let mut headers: Vec<_> = headers
            // White space around a value is no part of it (RFC 9110, section 5.5).
            .map(|(name, value)| (name.clone(), value.trim_matches([' ', '\t']).into()))
            .collect();
        let (content_type, bytes) = match &self.body {
            Payload::Empty => (None, Vec::new()),
            Payload::Bytes(content_type, bytes) => (Some(content_type.clone()), bytes.clone()),
            Payload::Multipart(parts) => (
                Some(format!("multipart/form-data; boundary={BOUNDARY}")),
                multipart(parts),
            ),
        };
        if let Some(content_type) = content_type {
            headers.push(("content-type".to_owned(), content_type.into_bytes()));
        }
        let head = Head {
            method: method_name(self.method).to_owned(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers,
            local: self.local.keys().cloned().collect(),
        };
        (head, bytes)
    }
}

/// Writes a `multipart/form-data` body as browsers do (HTML standard, "multipart
/// form data").
fn multipart(parts: &[Part]) -> Vec<u8> {
    let mut raw = Vec::new();
    for part in parts {
        let field = escape(&part.field);
        let mut head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{field}\"");
        if let Some((filename, content_type)) = &part.file {
            let filename = escape(filename);
            head += &format!("; filename=\"{filename}\"\r\ncontent-type: {content_type}");
        }
        raw.extend(head.into_bytes());
        raw.extend(b"\r\n\r\n");
        raw.extend(&part.bytes);
        raw.extend(b"\r\n");
    }
    raw.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    raw
}

fn escape(name: &str) -> String {
    name.replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace('"', "%22")
}

/// Appends `name=value` to a query or a form, and encodes both.
pub(super) fn append_pair(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('&');
    }
    encode(text, name);
    text.push('=');
    encode(text, value);
}

fn encode(text: &mut String, plain: &str) {
    for byte in plain.bytes() {
        match byte {
            b' ' => text.push('+'),
            b if b.is_ascii_alphanumeric() || b"*-._".contains(&b) => text.push(char::from(b)),
            b => text.push_str(&format!("%{b:02X}")),
        }
    }
}
