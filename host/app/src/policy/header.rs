//! Header names and values in declarations, and header fields of requests.

use crate::params::RequestHead;

/// The headers that only the host reads or writes. Policies cannot use them.
const RESERVED: [&str; 9] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Checks a declared header name, and returns it in lower case.
pub(super) fn name(declared: &str) -> Result<String, String> {
    if declared.is_empty() || !declared.bytes().all(is_token) {
        return Err(format!(
            "has `{}`, which is not a header name",
            declared.escape_debug()
        ));
    }
    let name = declared.to_ascii_lowercase();
    if RESERVED.contains(&name.as_str()) {
        return Err(format!(
            "has `{declared}`, a header that only the host sets; use another name"
        ));
    }
    Ok(name)
}

/// Checks a declared header value: visible ASCII and spaces, without leading or trailing
/// spaces.
pub(super) fn value(declared: &str) -> Result<(), String> {
    let is_clean = !declared.is_empty()
        && declared.trim() == declared
        && declared.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_clean {
        return Ok(());
    }
    Err(format!(
        "has `{}`, which is not a header value; use ASCII without control characters",
        declared.escape_debug()
    ))
}

/// Returns true if a token can contain a byte (RFC 9110, section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The header fields with one name.
pub(super) enum Fields {
    None,
    One(Vec<u8>),
    Many,
}

/// Reads the header fields called `name` (lower case).
pub(super) fn fields(head: &impl RequestHead, name: &str) -> Fields {
    let mut fields = Fields::None;
    head.header(name, &mut |value| {
        fields = match fields {
            Fields::None => Fields::One(value.to_vec()),
            _ => Fields::Many,
        };
    });
    fields
}

/// Formats a challenge (RFC 9110, section 11.2). Drops the characters that a quoted value
/// must not contain (RFC 6750, section 3).
pub(super) fn challenge(scheme: &str, parameters: &[(&str, &str)]) -> String {
    let mut out = scheme.to_owned();
    for (index, (name, value)) in parameters.iter().enumerate() {
        let allowed = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        let value: String = value.chars().filter(allowed).collect();
        let comma = if index == 0 { " " } else { ", " };
        out.push_str(&format!("{comma}{name}=\"{value}\""));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        assert_eq!(name("X-Api-Key"), Ok("x-api-key".to_owned()));
        for bad in ["", "a b", "é", "a:", "Content-Length", "te"] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert_eq!(value("max-age=60, \"a\""), Ok(()));
        for bad in ["", " a", "a\r\nb", "é", "\u{7f}"] {
            assert!(value(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn challenges_stay_one_header() {
        assert_eq!(
            challenge("Bearer", &[("realm", "a\"b\\c\r\n"), ("error", "é x")]),
            "Bearer realm=\"abc\", error=\" x\""
        );
    }
}
