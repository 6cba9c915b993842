//! Escapes untrusted text for logs and terminals.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes control characters, so that the text can neither begin a new line nor send
/// terminal control sequences.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Escapes a multi-line text, such as a stack trace. Keeps its lines and indents all but
/// the first.
#[must_use]
pub fn indented(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(one_line).collect();
    lines.join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert!(matches!(one_line("plain é"), Cow::Borrowed("plain é")));
        assert_eq!(
            one_line("a\r\nb\u{1b}[31m\u{9b}"),
            "a\\r\\nb\\u{1b}[31m\\u{9b}"
        );
    }

    #[test]
    fn lines_are_indented() {
        assert_eq!(
            indented("a\n  b\u{7}\r\n\nc\n"),
            "a\n      b\\u{7}\n    \n    c"
        );
    }
}
