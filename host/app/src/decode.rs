//! Strict percent-decoding of untrusted text.
//!
//! Text is decoded exactly once. Invalid bytes are an error; they are never replaced.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::charset::Charset;

/// Percent-decoding produced bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not UTF-8 once it is percent-decoded")]
pub struct NotUtf8;

/// Percent-decoding produced bytes that are invalid in the form's charset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not text of the form's charset once it is percent-decoded")]
pub(crate) struct NotText;

/// Decodes a path segment or a cookie: `%41` is `A`, `+` stays.
pub(crate) fn percent(text: &str) -> Result<Cow<'_, str>, NotUtf8> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
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

/// Decodes a name or value of a form whose escapes are bytes of `charset`.
pub(crate) fn form_in(text: &str, charset: Charset) -> Result<Cow<'_, str>, NotText> {
    if charset.is_utf8() {
        return form(text).map_err(|_| NotText);
    }
    let spaced = text.replace('+', " ");
    if !spaced.contains('%') {
        return Ok(Cow::Owned(spaced));
    }
    let bytes: Vec<u8> = percent_decode_str(&spaced).collect();
    charset.decode(&bytes).map(Cow::Owned).ok_or(NotText)
}

/// Splits a query or form into pairs, still encoded. Skips empty pieces.
pub(crate) fn raw_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
}

/// Splits one `Cookie` header field into names and values, in order (RFC 6265, section
/// 5.4). Skips pieces without `=`, and removes double quotes around a value.
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
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    #[test]
    fn decodes_once() {
        assert_eq!(percent("%2541").unwrap(), "%41");
        assert_eq!(percent("a+b").unwrap(), "a+b");
        assert_eq!(form("a+b%2B").unwrap(), "a b+");
        assert_eq!(percent("%zz%").unwrap(), "%zz%");
        let latin = Charset::from_label("latin1").unwrap();
        assert_eq!(form_in("caf%e9+b", latin).unwrap(), "café b");
    }

    #[test]
    fn refuses_bytes_that_are_not_utf8() {
        assert_eq!(percent("%ff"), Err(NotUtf8));
        assert_eq!(form("+%c3%28"), Err(NotUtf8));
        assert_eq!(form_in("%ff", Charset::UTF_8), Err(NotText));
    }

    #[test]
    fn reads_cookies() {
        let all: Vec<_> = cookies("a=1; b=\"two\";c; d==x").collect();
        assert_eq!(all, [("a", "1"), ("b", "two"), ("d", "=x")]);
    }

    proptest! {
        #[test]
        fn reads_what_was_encoded(text in ".*") {
            let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            prop_assert_eq!(percent(&encoded).unwrap(), text.as_str());
            let spaced = encoded.replace("%20", "+");
            prop_assert_eq!(form(&spaced).unwrap(), text.as_str());
        }

        #[test]
        fn a_query_is_read_pair_by_pair(pairs in prop::collection::vec(("[a-z]{1,4}", "[^&%+]*"), 0..6)) {
            let text: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let text = text.join("&");
            let read: Vec<_> = raw_pairs(&text).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn cookies_are_read_one_by_one(pairs in prop::collection::vec(("[a-z]{1,4}", "[a-zA-Z0-9=!#$%]{0,8}"), 0..6)) {
            let text: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let text = text.join("; ");
            let read: Vec<_> = cookies(&text).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn never_panics(text in "\\PC*|[%0-9a-f+&=; \"]*") {
            let _ = (percent(&text), form(&text), raw_pairs(&text).count(), cookies(&text).count());
            for name in ["latin1", "utf-16", "gb18030", "iso-2022-jp"] {
                let _ = form_in(&text, Charset::from_label(name).unwrap());
            }
        }
    }
}
