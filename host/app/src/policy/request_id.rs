//! Request ids: accepted from the client or generated, and returned in the response.

use serde::Deserialize;

use super::header;
use super::switch::FromTrue;

/// The request id policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestIdPolicy {
    /// The header that carries the id, in lower case after validation.
    pub header: String,
    /// True if the host accepts a client's id.
    pub accept: bool,
}

/// The maximum length of a client's id, in bytes.
const MAX_LENGTH: usize = 128;

impl Default for RequestIdPolicy {
    fn default() -> Self {
        Self {
            header: "x-request-id".to_owned(),
            accept: true,
        }
    }
}

impl FromTrue for RequestIdPolicy {
    fn from_true() -> Result<Self, &'static str> {
        Ok(Self::default())
    }
}

impl RequestIdPolicy {
    pub(super) fn check(&self) -> Result<Self, String> {
        Ok(Self {
            header: header::name(&self.header)?,
            accept: self.accept,
        })
    }

    /// Returns the client's id if it is acceptable: 1 to 128 visible ASCII characters, so
    /// that it can neither break nor flood a log line.
    #[must_use]
    pub fn take<'a>(&self, value: &'a [u8]) -> Option<&'a str> {
        let is_clean =
            (1..=MAX_LENGTH).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
        if !self.accept || !is_clean {
            return None;
        }
        std::str::from_utf8(value).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_a_log_line_can_hold() {
        let policy = RequestIdPolicy::default();
        assert_eq!(policy.take(b"abc-1:2/3"), Some("abc-1:2/3"));
        assert_eq!(policy.take(&[b'a'; 128]).map(str::len), Some(128));
        for bad in [
            b"" as &[u8],
            b"a b",
            b"a\tb",
            b"\xff",
            "é".as_bytes(),
            &[b'a'; 129],
        ] {
            assert_eq!(policy.take(bad), None);
        }
        let makes = RequestIdPolicy {
            accept: false,
            ..policy
        };
        assert_eq!(makes.take(b"abc"), None);
    }
}
