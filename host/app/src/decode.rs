//! Percent-decoding of untrusted text, once and strictly: bytes that are not
//! UTF-8 are an error, never replaced.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Text that is not UTF-8 once it is percent-decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not UTF-8 once it is percent-decoded")]
pub struct NotUtf8;

/// Decodes a path segment or a cookie: `%41` is `A`, `+` stays.
pub(crate) fn percent(text: &str) -> Result<Cow<'_, str>, NotUtf8> {
    percent_decode_str(text).decode_utf8().map_err(|_| NotUtf8)
}

/// Decodes a name or value of a query or form: `%41` is `A`, `+` is a space
/// (WHATWG URL, `application/x-www-form-urlencoded`).
pub(crate) fn form(text: &str) -> Result<Cow<'_, str>, NotUtf8> {
    if !text.contains('+') {
        return percent(text);
    }
    let spaced = text.replace('+', " ");
    percent(&spaced).map(|decoded| Cow::Owned(decoded.into_owned()))
}

/// The pairs of a query or form, still encoded; empty pieces are passed over.
pub(crate) fn raw_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
}

/// The cookies of one `Cookie` header field (RFC 6265, section 5.4), in order;
/// a piece without `=` is passed over and double quotes around a value are not
/// part of it.
pub fn cookies(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
        Some((name.trim(), bare.unwrap_or(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_once() {
        assert_eq!(percent("%2541").unwrap(), "%41");
        assert_eq!(percent("a+b").unwrap(), "a+b");
        assert_eq!(form("a+b%2B").unwrap(), "a b+");
        assert_eq!(percent("%zz%").unwrap(), "%zz%");
    }

    #[test]
    fn refuses_bytes_that_are_not_utf8() {
        assert_eq!(percent("%ff"), Err(NotUtf8));
        assert_eq!(form("+%c3%28"), Err(NotUtf8));
    }

    #[test]
    fn reads_cookies() {
        let all: Vec<_> = cookies("a=1; b=\"two\";c; d==x").collect();
        assert_eq!(all, [("a", "1"), ("b", "two"), ("d", "=x")]);
    }
}
