//! Charsets of text bodies, forms and parts (RFC 9110, section 8.3.2), by the labels of
//! the WHATWG Encoding standard.

use bytes::Bytes;
use bytestring::ByteString;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use crate::refusal::Refusal;

/// A charset that the host can decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset(&'static Encoding);

impl Charset {
    /// The default charset.
    pub(crate) const UTF_8: Self = Self(UTF_8);

    /// Finds a charset by its label. `None` if the label is unknown.
    pub(crate) fn from_label(name: &str) -> Option<Self> {
        // WHATWG maps `ascii` to windows-1252. ASCII is a subset of UTF-8, so decode it as
        // UTF-8 and reject other bytes.
        if ["us-ascii", "ascii"]
            .iter()
            .any(|ascii| name.eq_ignore_ascii_case(ascii))
        {
            return Some(Self::UTF_8);
        }
        let found = Encoding::for_label(name.as_bytes());
        found.filter(|found| *found != REPLACEMENT).map(Self)
    }

    /// Returns true if text needs no conversion.
    pub(crate) fn is_utf8(self) -> bool {
        self == Self::UTF_8
    }

    /// Decodes a text. `None` if its bytes are invalid in this charset.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<String> {
        if self.is_utf8() {
            return std::str::from_utf8(bytes).ok().map(str::to_owned);
        }
        // A byte order mark overrides the byte order of the label.
        let encoding = match Encoding::for_bom(bytes) {
            Some((found, _)) if self.is_utf16() && found != UTF_8 => found,
            _ => self.0,
        };
        let (text, malformed) = if self.is_utf16() {
            encoding.decode_with_bom_removal(bytes)
        } else {
            encoding.decode_without_bom_handling(bytes)
        };
        (!malformed).then(|| text.into_owned())
    }

    /// Decodes a body.
    ///
    /// # Errors
    /// 400 if its bytes are invalid in this charset.
    pub(crate) fn decode_body(self, bytes: Bytes) -> Result<ByteString, Refusal> {
        let text = if self.is_utf8() {
            ByteString::try_from(bytes).ok()
        } else {
            self.decode(&bytes).map(ByteString::from)
        };
        text.ok_or_else(|| {
            Refusal::BadRequest(format!(
                "the body is not valid {}, the charset of its content type",
                self.0.name()
            ))
        })
    }

    fn is_utf16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let decode = |name: &str, bytes: &[u8]| Charset::from_label(name).unwrap().decode(bytes);
        assert_eq!(decode("ISO-8859-1", b"caf\xe9").unwrap(), "café");
        assert_eq!(decode("utf8", "é".as_bytes()).unwrap(), "é");
        assert_eq!(decode("utf-8", b"\xe9"), None);
        assert_eq!(decode("us-ascii", b"\xe9"), None);
        assert_eq!(decode("shift_jis", b"\x83\x65").unwrap(), "テ");
        assert_eq!(decode("shift_jis", b"\x83"), None);
        assert_eq!(decode("utf-16", b"\xfe\xff\0a").unwrap(), "a");
        assert_eq!(decode("utf-16le", b"a\0").unwrap(), "a");
        assert_eq!(Charset::from_label("latin-eleventy"), None);
        assert_eq!(Charset::from_label("iso-2022-kr"), None);
    }
}
