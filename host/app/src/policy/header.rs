//! Header fields, as declarations name them and requests carry them.

use crate::params::RequestHead;

/// The headers that the host alone reads or writes: no policy may take one over.
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

/// Checks a declared header name and gives it in lower case.
pub(super) fn name(declared: &str) -> Result<String, String> {
    if declared.is_empty() || !declared.bytes().all(is_token) {
        return Err(format!(
            "has `{}`, which is no header name",
            declared.escape_debug()
        ));
    }
    let name = declared.to_ascii_lowercase();
    if RESERVED.contains(&name.as_str()) {
        return Err(format!("has `{declared}`, a header that frames messages"));
    }
    Ok(name)
}

/// Checks a declared header value: visible ASCII and spaces, without a space at
/// either end.
pub(super) fn value(declared: &str) -> Result<(), String> {
    let is_clean = !declared.is_empty()
        && declared.trim() == declared
        && declared.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_clean {
        return Ok(());
    }
    Err(format!(
        "has the text `{}`, which cannot stand in a header",
        declared.escape_debug()
    ))
}

/// Whether a byte may stand in a token (RFC 9110, section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The fields of one name.
pub(super) enum Fields {
    None,
    One(Vec<u8>),
    Many,
}

/// Reads the fields of one name, in lower case.
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

/// The parameters of a challenge (RFC 9110, section 11.2). What a quoted text must
/// not hold (RFC 6750, section 3) is left out of it.
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
