//! Replies as a request wants them, right or wrong.

use serde::Deserialize;
use serde_json::Value;

use crate::Answer;
use crate::handler::Content;
use spikard_wasm_sdk::bindings::spikard::handler::request;

/// A reply.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Say {
    status: u16,
    /// Their text as it is, or an array that becomes one.
    headers: Value,
    /// So many headers instead.
    many: usize,
    /// One header with a value of so many bytes instead, if it is not 0.
    long: usize,
    body: String,
    /// A body of so many bytes, if it is not 0.
    bytes: usize,
    /// A body that is said to have so many bytes, if it is not 0, whatever there is.
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
    /// The reply that the request in progress wants.
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
            // SAFETY: there is none. The bindings pass the pointer and the length to
            // the host as they are, and it is for the host to find out.
            Content::Bytes(unsafe { Vec::from_raw_parts(one.as_mut_ptr(), self.lie, self.lie) })
        } else if self.bytes > 0 {
            Content::Bytes(vec![b'b'; self.bytes])
        } else {
            Content::Text(self.body)
        };
        (self.status, headers, content)
    }
}
