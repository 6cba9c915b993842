//! Path patterns (`/users/{id}`, `/users/{id:int}`, `/files/{*rest}`), and the normal form
//! in which the router compares patterns and request paths.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Value, json};

/// A parsed path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    source: String,
    names: Vec<String>,
    types: Vec<Option<PathType>>,
    canonical: String,
}

/// A syntax error in a path pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern does not begin with a slash.
    #[error("it must begin with `/`")]
    NoSlash,
    /// A segment mixes text and braces, or has an unmatched brace.
    #[error(
        "segment `{0}` is neither literal text nor a single parameter; write `{{name}}` for one segment, `{{*name}}` for all remaining segments"
    )]
    Segment(String),
    /// A parameter's name is not an identifier.
    #[error(
        "parameter name `{0}` must begin with a letter or `_` and continue with letters, digits, `_` or `-`"
    )]
    Name(String),
    /// Two parameters have the same name.
    #[error("parameter `{0}` occurs twice")]
    Twice(String),
    /// `{*rest}` is not the last segment.
    #[error("`{{*{0}}}` must be the last segment")]
    RestNotLast(String),
    /// A parameter has an unknown type.
    #[error(
        "parameter `{0}` has the unknown type `{1}`; write `str`, `string`, `int`, `integer`, `float`, `number`, `bool`, `boolean`, `uuid`, `date`, `datetime` or `path`, or declare the parameter with a schema"
    )]
    Type(String, String),
    /// The pattern contains `?`, `#` or a control character.
    #[error("a path pattern must not contain `{0}`")]
    Character(char),
}

/// The type of a parameter in a pattern, as in `{id:int}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathType {
    Text,
    Integer,
    Number,
    Boolean,
    Uuid,
    Date,
    DateTime,
    /// All remaining segments.
    Rest,
}

impl PathType {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "str" | "string" => Self::Text,
            "int" | "integer" => Self::Integer,
            "float" | "number" => Self::Number,
            "bool" | "boolean" => Self::Boolean,
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "path" => Self::Rest,
            _ => return None,
        })
    }

    fn schema(self) -> Value {
        match self {
            Self::Text | Self::Rest => json!({"type": "string"}),
            Self::Integer => json!({"type": "integer"}),
            Self::Number => json!({"type": "number"}),
            Self::Boolean => json!({"type": "boolean"}),
            Self::Uuid => json!({"type": "string", "format": "uuid"}),
            Self::Date => json!({"type": "string", "format": "date"}),
            Self::DateTime => json!({"type": "string", "format": "date-time"}),
        }
    }
}

impl PathPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Names the invalid segment.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        let rest = source.strip_prefix('/').ok_or(PatternError::NoSlash)?;
        if let Some(bad) = source
            .chars()
            .find(|c| c.is_control() || matches!(c, '?' | '#'))
        {
            return Err(PatternError::Character(bad));
        }
        let mut names: Vec<String> = Vec::new();
        let mut types = Vec::new();
        let mut canonical = String::new();
        let mut segments = rest.split('/').peekable();
        while let Some(segment) = segments.next() {
            canonical.push('/');
            let Some(inner) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
                if segment.contains(['{', '}']) {
                    return Err(PatternError::Segment(segment.to_owned()));
                }
                canonical.push_str(&normalize(segment));
                continue;
            };
            let (inner, has_star) = match inner.strip_prefix('*') {
                Some(inner) => (inner, true),
                None => (inner, false),
            };
            let (name, kind) = match inner.split_once(':') {
                Some((name, kind)) => {
                    let unknown = || PatternError::Type(name.to_owned(), kind.to_owned());
                    (name, Some(PathType::from_name(kind).ok_or_else(unknown)?))
                }
                None => (inner, None),
            };
            let is_rest = has_star || kind == Some(PathType::Rest);
            let star = if is_rest { "*" } else { "" };
            if !is_name(name) {
                return Err(PatternError::Name(name.to_owned()));
            }
            if names.iter().any(|known| known == name) {
                return Err(PatternError::Twice(name.to_owned()));
            }
            if is_rest && segments.peek().is_some() {
                return Err(PatternError::RestNotLast(name.to_owned()));
            }
            canonical.push_str(&format!("{{{star}p{}}}", names.len()));
            names.push(name.to_owned());
            types.push(kind);
        }
        Ok(Self {
            source: source.to_owned(),
            names,
            types,
            canonical,
        })
    }

    /// Returns the pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Returns the parameter names, from left to right.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the parameter names, each with the schema of its type, if it has one.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, Option<Value>)> {
        let types = self.types.iter().map(|kind| kind.map(PathType::schema));
        self.names.iter().map(String::as_str).zip(types)
    }

    /// Returns the OpenAPI path template: the pattern without types and stars.
    #[must_use]
    pub fn template(&self) -> String {
        let segments = self.source.split('/').map(|segment| {
            let inner = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
            inner.map_or(Cow::Borrowed(segment), |inner| {
                let name = inner.strip_prefix('*').unwrap_or(inner);
                let name = name.split_once(':').map_or(name, |(name, _)| name);
                Cow::Owned(format!("{{{name}}}"))
            })
        });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Returns the pattern with numbered parameters. Two patterns that match the same paths
    /// have the same canonical form.
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

/// Normalizes a request path, so that equivalent paths become equal (RFC 3986, section
/// 6.2.2).
///
/// Characters that a segment can contain (`pchar`) are decoded; all others become escapes
/// in upper case, including an escaped slash, which does not separate segments, and a `%`
/// that begins no escape. The number of slashes does not change. Borrows a path that is
/// already in normal form and has no escapes, which is the common case.
pub(crate) fn normalize(path: &str) -> Cow<'_, str> {
    if path.bytes().all(|byte| byte == b'/' || is_pchar(byte)) {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len() + 16);
    let mut rest = path.as_bytes();
    while let [byte, after @ ..] = rest {
        let escape = decode_escape(rest);
        let is_literal = match escape {
            Some(byte) => is_pchar(byte),
            None => *byte == b'/' || is_pchar(*byte),
        };
        let byte = escape.unwrap_or(*byte);
        if is_literal {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
        rest = if escape.is_some() { &rest[3..] } else { after };
    }
    Cow::Owned(out)
}

/// Decodes an escape at the beginning of a text.
fn decode_escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// Decodes an escape of an unreserved character (RFC 3986, section 2.3) at the beginning of
/// a text.
pub(crate) fn decode_unreserved(text: &str) -> Option<u8> {
    decode_escape(text.as_bytes()).filter(|byte| is_unreserved(*byte))
}

/// Returns true if a segment can contain a character without an escape (RFC 3986, section
/// 3.3).
fn is_pchar(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Returns true if two paths have the same normal form.
#[must_use]
pub fn same_path(one: &str, other: &str) -> bool {
    normalize(one) == normalize(other)
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
    fn parameters_have_types() {
        let pattern = PathPattern::parse("/{id:int}/{day:date}/{x}/{rest:path}").unwrap();
        assert_eq!(pattern.canonical(), "/{p0}/{p1}/{p2}/{*p3}");
        assert_eq!(pattern.template(), "/{id}/{day}/{x}/{rest}");
        let schemas: Vec<_> = pattern.parameters().map(|(_, schema)| schema).collect();
        assert_eq!(schemas[0], Some(json!({"type": "integer"})));
        assert_eq!(
            schemas[1],
            Some(json!({"type": "string", "format": "date"}))
        );
        assert_eq!(schemas[2], None);
        let error = PathPattern::parse("/{id:money}").unwrap_err();
        assert_eq!(error, PatternError::Type("id".into(), "money".into()));
        let last = PathPattern::parse("/{a:path}/b").unwrap_err();
        assert_eq!(last, PatternError::RestNotLast("a".into()));
    }

    #[test]
    fn normalises() {
        assert_eq!(normalize("/%7euser/%2f%c3%a9"), "/~user/%2F%C3%A9");
        assert_eq!(normalize("/a%21b%2Cc%3a%40"), "/a!b,c:@");
        assert_eq!(
            normalize("/é /%5c\\{}%7b%7D"),
            "/%C3%A9%20/%5C%5C%7B%7D%7B%7D"
        );
        // A stray `%` and its escape are equal.
        assert_eq!(normalize("/%4"), "/%254");
        assert_eq!(normalize("/%é%4%31"), "/%25%C3%A9%2541");
        for plain in ["/", "//a/./b", "/a!$&'()*+,;=:@-._~"] {
            assert!(matches!(normalize(plain), Cow::Borrowed(path) if path == plain));
        }
    }

    /// Encodes a text: bits of `escapes` choose which bytes are escaped and the case of the
    /// digits. Always escapes `%` and characters that would end a segment.
    fn spell(text: &str, escapes: &[(bool, bool)]) -> String {
        let mut out = Vec::new();
        let mut escapes = escapes.iter().cycle();
        for byte in text.bytes() {
            let (is_escaped, is_upper) = escapes.next().copied().unwrap_or_default();
            if !is_escaped && !b"%/?#".contains(&byte) && !byte.is_ascii_control() {
                out.push(byte);
            } else if is_upper {
                out.extend_from_slice(format!("%{byte:02X}").as_bytes());
            } else {
                out.extend_from_slice(format!("%{byte:02x}").as_bytes());
            }
        }
        // Escape everything if only part of a multi-byte character was escaped.
        String::from_utf8(out)
            .unwrap_or_else(|_| text.bytes().map(|byte| format!("%{byte:02X}")).collect())
    }

    fn escapes() -> impl Strategy<Value = Vec<(bool, bool)>> {
        prop::collection::vec(any::<(bool, bool)>(), 1..20)
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_path_is_one_path(text in "[\\PC\\x00/%]{0,12}|[a-z!-/:-@%é]{0,12}",
            one in escapes(), other in escapes()) {
            let normal = normalize(&spell(&text, &one)).into_owned();
            let other = spell(&text, &other);
            prop_assert_eq!(&normal, &normalize(&other));
            prop_assert_eq!(&normal, &normalize(&normal));
            prop_assert!(!normal.contains('/'));
            prop_assert_eq!(crate::decode::percent(&normal).unwrap(), text);
        }

        #[test]
        fn patterns_and_requests_have_one_normal_form(text in "[\\PC%]{1,12}|[a-z!-/:-@%é]{1,12}",
            one in escapes(), other in escapes()) {
            let source = format!("/{}", spell(&text, &one));
            prop_assume!(!source.contains(['{', '}']));
            let pattern = PathPattern::parse(&source).unwrap();
            let request = format!("/{}", spell(&text, &other));
            prop_assert_eq!(pattern.canonical(), normalize(&request));
        }

        #[test]
        fn the_normal_form_has_as_many_slashes(path in "[\\PC/%]{0,12}|[/%2fFaé]{0,12}") {
            let normal = normalize(&path);
            prop_assert_eq!(normal.matches('/').count(), path.matches('/').count());
            prop_assert_eq!(&normalize(&normal), &normal);
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = PathPattern::parse(&text);
            let once = normalize(&text).into_owned();
            prop_assert_eq!(PathPattern::parse(&format!("/{once}")).is_ok(),
                PathPattern::parse(&format!("/{}", normalize(&once))).is_ok());
        }
    }
}
