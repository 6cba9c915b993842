//! A request of a test as data: a head, and a body as a client sends it.

use std::collections::BTreeMap;

use spikard_wasm_app::RequestHead;

use crate::route::Method;

/// What separates the parts of a multipart body.
const BOUNDARY: &str = "spikard-test-boundary";

/// A request as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Payload,
    /// Values of the local context, as JSON texts.
    pub(super) local: BTreeMap<String, String>,
}

/// A body.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Nothing,
    Bytes(String, Vec<u8>),
    Multipart(Vec<Part>),
}

/// A part of a multipart body; `file` is a file's name and content type.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) field: String,
    pub(super) file: Option<(String, String)>,
    pub(super) bytes: Vec<u8>,
}

/// The head of a message, with the headers that its body adds.
#[derive(Debug)]
pub(super) struct Head {
    query: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
}

impl Message {
    /// Writes the message out: its head and the bytes of its body.
    pub(super) fn write(&self) -> (Head, Vec<u8>) {
        let headers = self.headers.iter();
        let mut headers: Vec<_> = headers
            // White space around a value is no part of it (RFC 9110, section 5.5).
            .map(|(name, value)| (name.clone(), value.trim_matches([' ', '\t']).into()))
            .collect();
        let (content_type, bytes) = match &self.body {
            Payload::Nothing => (None, Vec::new()),
            Payload::Bytes(content_type, bytes) => (Some(content_type.clone()), bytes.clone()),
            Payload::Multipart(parts) => (
                Some(format!("multipart/form-data; boundary={BOUNDARY}")),
                multipart(parts),
            ),
        };
        if let Some(content_type) = content_type {
            headers.push(("content-type".to_owned(), content_type.into_bytes()));
        }
        let query = self.query.clone();
        (Head { query, headers }, bytes)
    }
}

impl Head {
    /// The first value of a header.
    pub(super) fn first(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The only value of a header; none where there are several.
    pub(super) fn only(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// All values of a header as one (RFC 9110, section 5.3).
    pub(super) fn joined(&self, name: &str) -> Vec<u8> {
        let values: Vec<_> = self.values(name).collect();
        values.join(b", " as &[u8])
    }

    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let fields = self.headers.iter().filter(move |(have, _)| have == name);
        fields.map(|(_, value)| value.as_slice())
    }
}

impl RequestHead for Head {
    fn query(&self) -> &str {
        &self.query
    }

    fn header(&self, name: &str, each: &mut dyn FnMut(&[u8])) {
        self.values(name).for_each(each);
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

/// Adds `name=value` to a query or a form.
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
