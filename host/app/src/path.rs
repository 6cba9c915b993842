//! Path patterns (`/users/{id}`, `/files/{*rest}`) and the normal form in which
//! patterns and request paths are compared.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What is encoded in the literal part of a path: all but `pchar` of RFC 3986.
const LITERAL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'\\')
    .add(b'^')
    .add(b'|')
    .add(b'[')
    .add(b']');

/// A path pattern that parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    source: String,
    names: Vec<String>,
    canonical: String,
}

/// Why a path pattern does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It does not begin with a slash.
    #[error("it must begin with `/`")]
    NoSlash,
    /// A segment mixes text and braces, or a brace has no partner.
    #[error(
        "segment `{0}` is neither literal text nor one parameter: write `{{name}}` for a segment, `{{*name}}` for all that remain"
    )]
    Segment(String),
    /// A parameter's name is not an identifier.
    #[error(
        "parameter name `{0}` must begin with a letter or `_` and go on with letters, digits, `_` or `-`"
    )]
    Name(String),
    /// Two parameters have one name.
    #[error("parameter `{0}` occurs twice")]
    Twice(String),
    /// `{*rest}` is not the last segment.
    #[error("`{{*{0}}}` must be the last segment")]
    RestNotLast(String),
    /// It holds a query, a fragment or a control character.
    #[error("`{0}` cannot stand in a path")]
    Character(char),
}

impl PathPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Says which segment does not parse, and why.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        let rest = source.strip_prefix('/').ok_or(PatternError::NoSlash)?;
        if let Some(bad) = source
            .chars()
            .find(|c| c.is_control() || matches!(c, '?' | '#'))
        {
            return Err(PatternError::Character(bad));
        }
        let mut names: Vec<String> = Vec::new();
        let mut canonical = String::new();
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            canonical.push('/');
            let Some(inner) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
                if segment.contains(['{', '}']) {
                    return Err(PatternError::Segment(segment.to_owned()));
                }
                let encoded = utf8_percent_encode(segment, LITERAL).to_string();
                canonical.push_str(&normalise(&encoded));
                continue;
            };
            let (star, name) = match inner.strip_prefix('*') {
                Some(name) => ("*", name),
                None => ("", inner),
            };
            if !is_name(name) {
                return Err(PatternError::Name(name.to_owned()));
            }
            if names.iter().any(|known| known == name) {
                return Err(PatternError::Twice(name.to_owned()));
            }
            if !star.is_empty() && segments.peek().is_some() {
                return Err(PatternError::RestNotLast(name.to_owned()));
            }
            canonical.push_str(&format!("{{{star}p{}}}", names.len()));
            names.push(name.to_owned());
        }
        Ok(Self {
            source: source.to_owned(),
            names,
            canonical,
        })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The names of its parameters, from left to right.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The pattern with its parameters numbered: equal for two patterns that
    /// match the same paths.
    pub(crate) fn canonical(&self) -> &str {
        &self.canonical
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The normal form of a request path (RFC 3986, section 6.2.2): an escaped
/// unreserved character is decoded, other escapes are upper case. A path without
/// escapes, the usual one, is returned as it is.
pub(crate) fn normalise(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1..at + 3).and_then(|hex| {
            let digits = std::str::from_utf8(hex).ok()?;
            hex.iter()
                .all(u8::is_ascii_hexdigit)
                .then(|| u8::from_str_radix(digits, 16).ok())?
        });
        let Some(byte) = escape else {
            out.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&rest[at..at + 3].to_ascii_uppercase());
        }
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Whether two paths are the same in the normal form that routes are compared in.
#[must_use]
pub fn same_path(one: &str, other: &str) -> bool {
    normalise(one) == normalise(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parses() {
        let pattern = PathPattern::parse("/users/{id}/files/{*rest}").unwrap();
        assert_eq!(pattern.names(), ["id", "rest"]);
        assert_eq!(pattern.canonical(), "/users/{p0}/files/{*p1}");
        assert_eq!(PathPattern::parse("/").unwrap().canonical(), "/");
        assert_eq!(PathPattern::parse("/é").unwrap().canonical(), "/%C3%A9");
    }

    #[test]
    fn says_what_does_not_parse() {
        let error = |text| PathPattern::parse(text).unwrap_err();
        assert_eq!(error("users"), PatternError::NoSlash);
        assert_eq!(error("/a{id}"), PatternError::Segment("a{id}".into()));
        assert_eq!(error("/{id"), PatternError::Segment("{id".into()));
        assert_eq!(error("/{}"), PatternError::Name(String::new()));
        assert_eq!(error("/{a b}"), PatternError::Name("a b".into()));
        assert_eq!(error("/{a}/{a}"), PatternError::Twice("a".into()));
        assert_eq!(error("/{*a}/b"), PatternError::RestNotLast("a".into()));
        assert_eq!(error("/a?b"), PatternError::Character('?'));
    }

    #[test]
    fn normalises() {
        assert_eq!(normalise("/%7euser/%2f%c3%a9"), "/~user/%2F%C3%A9");
        assert_eq!(normalise("/%4"), "/%4");
        assert_eq!(normalise("/%é"), "/%é");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = PathPattern::parse(&text);
            let once = normalise(&text).into_owned();
            prop_assert_eq!(PathPattern::parse(&format!("/{once}")).is_ok(),
                PathPattern::parse(&format!("/{}", normalise(&once))).is_ok());
        }
    }
}
