//! Canonical spelling of a static file's path.
//!
//! The router compares paths without decoding reserved characters, but the file server opens
//! files by the decoded path. Spellings on which the two could disagree are rejected:
//! otherwise they would bypass the route that guards a file, and the policies of that route.

/// Returns the canonical spelling of a path, which escapes only the characters that require it,
/// with upper-case digits. Returns `None` for a path that cannot name a file: one with an
/// empty, `.` or `..` segment, an escaped slash, or a backslash or NUL, escaped or not.
pub(super) fn canonical(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let mut out = String::with_capacity(path.len() + 1);
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let name = decode(segment);
        let is_end = segments.peek().is_none();
        // An empty last segment is allowed: the path of a folder ends with a slash.
        if name.is_empty() && !is_end || name == b"." || name == b".." {
            return None;
        }
        if name.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0)) {
            return None;
        }
        out.push('/');
        for byte in name {
            encode(byte, &mut out);
        }
    }
    Some(out)
}

fn decode(segment: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut out = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        let escape = match after {
            [high, low, ..] if *byte == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        match escape.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(decoded) => {
                out.push(decoded);
                rest = &after[2..];
            }
            None => out.push(*byte),
        }
    }
    out
}

/// Appends a byte of a segment, escaped unless it is a `pchar` (RFC 3986, section 3.3).
fn encode(byte: u8, out: &mut String) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
        out.push(char::from(byte));
        return;
    }
    out.push('%');
    out.push(HEX[usize::from(byte >> 4)]);
    out.push(HEX[usize::from(byte & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_spellings_are_rejected() {
        for path in [
            "/admin%2Fsecret.txt",
            "/admin%2fsecret.txt",
            "/admin%5Csecret.txt",
            "/admin\\secret.txt",
            "/./admin/secret.txt",
            "/%2e/admin/secret.txt",
            "/%2E/admin/secret.txt",
            "/x/../admin/secret.txt",
            "/x/%2e%2e/admin/secret.txt",
            "/x/.%2E/admin/secret.txt",
            "//admin/secret.txt",
            "/admin//secret.txt",
            "/admin/.",
            "/admin/..",
            "/admin//",
            "/admin/secret.txt%00",
            "admin/secret.txt",
            "",
        ] {
            assert_eq!(canonical(path), None, "{path}");
        }
    }

    #[test]
    fn a_file_has_one_canonical_spelling() {
        for (path, expected) in [
            ("/", "/"),
            ("/a/", "/a/"),
            ("/a/b.txt", "/a/b.txt"),
            ("/%61dmin/a%2Etxt", "/admin/a.txt"),
            ("/a%21b%40c", "/a!b@c"),
            ("/a b\u{e9}", "/a%20b%C3%A9"),
            ("/a%20b%c3%a9", "/a%20b%C3%A9"),
            ("/%252e", "/%252e"),
            ("/100%", "/100%25"),
            ("/%4", "/%254"),
            ("/.../..a", "/.../..a"),
        ] {
            assert_eq!(canonical(path).as_deref(), Some(expected), "{path}");
            assert_eq!(canonical(expected).as_deref(), Some(expected), "{path}");
        }
    }

    /// Canonical spellings are fixed points, for every byte that may be escaped in them.
    #[test]
    fn every_byte_has_one_spelling() {
        for byte in 0..=255_u8 {
            let path = format!("/a%{byte:02x}b");
            let Some(once) = canonical(&path) else {
                assert!(matches!(byte, 0 | b'/' | b'\\'), "{path}");
                continue;
            };
            assert_eq!(canonical(&once), Some(once), "{path}");
        }
    }
}
