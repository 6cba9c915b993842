//! Replies of guests, parsed within limits.

use wasmtime::component::{ComponentType, Lift, Lower};

use crate::error::CallError;
use crate::limits::Limits;

/// Maximum length of an escaped byte in JSON, as in `\u0001`.
const ESCAPED: usize = 6;
/// Length of the syntax of a pair: brackets, quotes, commas, and some spaces.
const AROUND: usize = 16;
/// Minimum length of a pair with its comma, `["",""],`.
const SHORTEST: usize = 8;

/// Reply of a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub content: Content,
}

/// `types.content`: the body of a reply.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
pub enum Content {
    /// No body.
    #[component(name = "empty")]
    Empty,
    /// A JSON text.
    #[component(name = "json")]
    Json(String),
    /// Text.
    #[component(name = "text")]
    Text(String),
    /// Bytes.
    #[component(name = "bytes")]
    Bytes(Vec<u8>),
}

impl Reply {
    /// Checks a guest's reply against the limits, and parses its headers. The headers are
    /// measured and counted before they are parsed.
    pub(crate) fn within(
        (status, headers, content): (u16, String, Content),
        limits: &Limits,
    ) -> Result<Self, CallError> {
        if !(200..600).contains(&status) {
            return Err(CallError::BadReply(format!(
                "its status `{status}` is not between 200 and 599"
            )));
        }
        let length = content.len();
        if length > limits.reply_body {
            return Err(CallError::BadReply(format!(
                "its body has `{length}` bytes, more than the `{}` that `[limits] reply_body` allows",
                limits.reply_body
            )));
        }
        Ok(Self {
            status,
            headers: parse_headers(&headers, limits)?,
            content,
        })
    }
}

impl Content {
    /// Returns the length in bytes.
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Json(text) | Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

fn parse_headers(text: &str, limits: &Limits) -> Result<Vec<(String, String)>, CallError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let (max, bytes) = (limits.reply_headers, limits.reply_header_bytes);
    // Headers within the limits fit into this length.
    let longest = bytes
        .saturating_mul(ESCAPED)
        .saturating_add(max.saturating_mul(AROUND))
        .saturating_add(2);
    if text.len() > longest {
        return Err(CallError::BadReply(format!(
            "its headers are a text of `{}` bytes, more than the `{longest}` that `[limits] reply_headers` = {max} and `reply_header_bytes` = {bytes} allow",
            text.len()
        )));
    }
    // A shorter text cannot contain too many pairs.
    if text.len() > max.saturating_mul(SHORTEST) {
        let headers = count(text);
        if headers > max {
            return Err(CallError::BadReply(format!(
                "it has `{headers}` headers, more than the `{max}` that `[limits] reply_headers` allows"
            )));
        }
    }
    let headers: Vec<(String, String)> = serde_json::from_str(text).map_err(|error| {
        CallError::BadReply(format!(
            "its headers are not a JSON array of pairs of strings: {error}"
        ))
    })?;
    let length = |(name, value): &(String, String)| name.len() + value.len();
    let length: usize = headers.iter().map(length).sum();
    if length > bytes {
        return Err(CallError::BadReply(format!(
            "its headers have `{length}` bytes, more than the `{bytes}` that `[limits] reply_header_bytes` allows"
        )));
    }
    Ok(headers)
}

/// Counts the arrays inside a JSON array without parsing them.
fn count(text: &str) -> usize {
    let (mut arrays, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' if !in_string => arrays += 1,
            _ => {}
        }
    }
    arrays.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: fn() -> Limits = || Limits {
        reply_body: 10,
        reply_headers: 2,
        reply_header_bytes: 8,
        ..Limits::default()
    };

    fn read(status: u16, headers: &str, content: Content) -> Result<Reply, String> {
        let reply = (status, headers.to_owned(), content);
        Reply::within(reply, &LIMITS()).map_err(|error| error.to_string())
    }

    #[test]
    fn replies_within_the_limits_are_parsed() {
        let content = Content::Bytes(vec![0; 10]);
        let reply = read(200, r#"[["a","b\u0001"], ["bc","def"]]"#, content).expect("a reply");
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(reply.headers, [own("a", "b\u{1}"), own("bc", "def")]);
        assert_eq!(read(200, "", Content::Empty).expect("none").headers, []);
        assert_eq!(read(200, " [] ", Content::Empty).expect("none").headers, []);
        // The longest possible text for this number of bytes.
        let escaped = format!("[ [ \"{0}\" , \"{0}\" ] ]", "\\u0041".repeat(4));
        assert!(read(200, &escaped, Content::Empty).is_ok());
    }

    #[test]
    fn errors_name_the_limit() {
        let three = r#"[["a",""],["b",""],["c",""]]"#;
        let long = r#"[["a","b"],["c","defghi"]]"#;
        let odd = r#"[["[\"[","\\"],["b",""],["c",""]]"#;
        let endless = format!("[{}]", "[\"a\",\"\"],".repeat(20));
        let text = || Content::Text("12345678901".to_owned());
        for (status, headers, content, words) in [
            (99, "", Content::Empty, ["`99`", "200 and 599"]),
            (700, "", Content::Empty, ["`700`", "200 and 599"]),
            (
                200,
                "",
                text(),
                ["`11` bytes, more than the `10`", "[limits] reply_body"],
            ),
            (
                200,
                three,
                Content::Empty,
                ["`3` headers, more than the `2`", "[limits] reply_headers"],
            ),
            (
                200,
                odd,
                Content::Empty,
                ["`3` headers, more than the `2`", "[limits] reply_headers"],
            ),
            (
                200,
                long,
                Content::Empty,
                [
                    "`9` bytes, more than the `8`",
                    "[limits] reply_header_bytes",
                ],
            ),
            (
                200,
                &endless,
                Content::Empty,
                ["`182` bytes", "[limits] reply_headers"],
            ),
        ] {
            let error = read(status, headers, content).expect_err("a reply past a limit");
            for word in words {
                assert!(error.contains(word), "{error}");
            }
        }
    }

    #[test]
    fn invalid_headers_are_rejected() {
        for text in [
            "{",
            "{}",
            "[[\"a\"]]",
            "[[\"a\",1]]",
            "[] []",
            "[[\"a\",\"b\",\"c\"]]",
        ] {
            let error = read(200, text, Content::Empty).expect_err(text);
            assert!(
                error.contains("not a JSON array of pairs of strings"),
                "{error}"
            );
        }
    }
}
