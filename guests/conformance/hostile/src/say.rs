//! Replies that a request specifies, valid or not.

use serde::Deserialize;
use serde_json::Value;

use crate::Answer;
use crate::bindings::spikard::handler::request;
use crate::handler::Content;

/// A reply.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Say {
    status: u16,
    /// The text of the headers, or an array that is converted to it.
    headers: Value,
    /// This many headers instead.
    many: usize,
    /// One header with a value of this many bytes instead, if not 0.
    long: usize,
    body: String,
    /// A body of this many bytes, if not 0.
    bytes: usize,
    /// The claimed length of the body in bytes, if not 0.
    lie: usize,
}

impl Default for Say {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Value::Null,
            many: 0,
            long: 0,
            body: "body".to_owned(),
            bytes: 0,
            lie: 0,
        }
    }
}

impl Say {
    /// Returns the reply that the request in progress specifies.
    pub(crate) fn read() -> Option<Self> {
        let text = request::header("x-say")?;
        Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    pub(crate) fn answer(self) -> Answer {
        let mut headers = match self.headers {
            Value::String(text) => text,
            Value::Null => String::new(),
            array => array.to_string(),
        };
        if self.many > 0 {
            let pairs = (0..self.many).map(|number| format!("[\"x-{number}\",\"y\"]"));
            headers = format!("[{}]", pairs.collect::<Vec<_>>().join(","));
        }
        if self.long > 0 {
            headers = format!("[[\"x-long\",\"{}\"]]", "y".repeat(self.long));
        }
        let content = if self.lie > 0 {
            let mut one = std::mem::ManuallyDrop::new(vec![b'l']);
            // SAFETY: intentionally none. The bindings pass the pointer and the length to the
            // host, which must validate them.
            Content::Bytes(unsafe { Vec::from_raw_parts(one.as_mut_ptr(), self.lie, self.lie) })
        } else if self.bytes > 0 {
            Content::Bytes(vec![b'b'; self.bytes])
        } else {
            Content::Text(self.body)
        };
        (self.status, headers, content)
    }
}
