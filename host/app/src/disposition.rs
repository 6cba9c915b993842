//! Parses the `Content-Disposition` of a form part (RFC 7578, section 4.2).
//!
//! The parser reads the whole field, so text inside a quoted string is never taken for a
//! parameter. In a quoted string, `\"` and `\\` are escapes; any other backslash is
//! literal, because old browsers send Windows paths. Current browsers do not escape
//! backslashes, so a field that does not parse is parsed again with literal backslashes.

use crate::refusal::Refusal;

/// The disposition parameters of a form part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Disposition {
    /// The name of the form field.
    pub(crate) name: String,
    /// The file name. `None` if the part is a text field.
    pub(crate) filename: Option<String>,
}

impl Disposition {
    /// Parses the value of the header field.
    ///
    /// # Errors
    /// 400 for a malformed field, for a missing or non-UTF-8 `name`, or for a repeated
    /// parameter.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, Refusal> {
        let bad = |what: &str| {
            let text = String::from_utf8_lossy(value);
            let text = crate::field_error::shorten(&text);
            Refusal::BadRequest(format!(
                "the `content-disposition` `{text}` of a part of the multipart form {what}"
            ))
        };
        let malformed = "is malformed; write `form-data; name=\"...\"`";
        let pairs = parameters(value, true).or_else(|| parameters(value, false));
        let (mut name, mut filename) = (None, None);
        for (key, value) in pairs.ok_or_else(|| bad(malformed))? {
            let slot = match key.to_ascii_lowercase().as_slice() {
                b"name" => &mut name,
                b"filename" => &mut filename,
                // `filename*` must not be sent in a form (RFC 7578, section 4.2).
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(bad("has a parameter twice; send each one once"));
            }
        }
        let name = name.ok_or_else(|| bad("has no `name`; name the field of the form"))?;
        let name = String::from_utf8(name)
            .map_err(|_| bad("has a `name` that is not UTF-8; encode it in UTF-8"))?;
        // A file name that is not UTF-8 still marks the part as a file.
        let filename = filename.map(|name| String::from_utf8_lossy(&name).into_owned());
        Ok(Self { name, filename })
    }
}

/// Parses the parameters. `None` if the value is malformed. Skips words without `=`.
/// `has_pairs`: true if backslash escapes are honored.
fn parameters(value: &[u8], has_pairs: bool) -> Option<Vec<(&[u8], Vec<u8>)>> {
    let mut found = Vec::new();
    let (kind, mut rest) = split_at_semicolon(value);
    if kind.contains(&b'"') {
        return None;
    }
    while let Some(text) = rest {
        let end = text.iter().position(|byte| b"=;\"".contains(byte));
        let (name, after) = text.split_at(end.unwrap_or(text.len()));
        let after = match after {
            [b'=', after @ ..] => after.trim_ascii_start(),
            [b'"', ..] => return None,
            after => {
                rest = after.get(1..);
                continue;
            }
        };
        let (value, after) = match after {
            [b'"', quoted @ ..] => {
                let (value, after) = quoted_string(quoted, has_pairs)?;
                let (nothing, after) = split_at_semicolon(after);
                if !nothing.trim_ascii().is_empty() {
                    return None;
                }
                (value, after)
            }
            after => {
                let (value, after) = split_at_semicolon(after);
                if value.contains(&b'"') {
                    return None;
                }
                (value.trim_ascii_end().to_vec(), after)
            }
        };
        found.push((name.trim_ascii(), value));
        rest = after;
    }
    Some(found)
}

fn split_at_semicolon(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == b';') {
        Some(at) => (&text[..at], text.get(at + 1..)),
        None => (text, None),
    }
}

/// Returns the text up to the closing quote, and the text after it.
fn quoted_string(text: &[u8], has_pairs: bool) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return None,
            [b'"', after @ ..] => return Some((value, after)),
            [b'\\', escaped @ (b'"' | b'\\'), after @ ..] if has_pairs => {
                value.push(*escaped);
                after
            }
            [byte, after @ ..] => {
                value.push(*byte);
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: impl AsRef<[u8]>) -> Option<(String, Option<String>)> {
        let read = Disposition::parse(text.as_ref());
        read.ok().map(|read| (read.name, read.filename))
    }

    fn some(
        name: &str,
        filename: impl Into<Option<&'static str>>,
    ) -> Option<(String, Option<String>)> {
        Some((name.to_owned(), filename.into().map(str::to_owned)))
    }

    #[test]
    fn text_in_quotes_is_no_parameter() {
        let photo = some("photo", "a; name=evil");
        for text in [
            "form-data; filename=\"a; name=evil\"; name=\"photo\"",
            "form-data; name=\"photo\"; filename=\"a; name=evil\"",
        ] {
            assert_eq!(read(text), photo, "{text}");
        }
        let quoted = "form-data; filename=\"\\\"; name=\\\"evil\"; name=photo";
        assert_eq!(read(quoted), some("photo", "\"; name=\"evil"));
        assert_eq!(
            read("form-data; x=\"name=a; filename=b\"; name=c"),
            some("c", None)
        );
        assert_eq!(read("form-data; x=\"name=a\""), None);
    }

    #[test]
    fn words_that_are_no_parameters_are_ignored() {
        for text in [
            "form-data; name; name=\"a\"; filename",
            "form-data; filename; ; name=a;",
            "form-data;name = a",
            "FORM-DATA; NAME=\"a\"; filename*=UTF-8''b; xfilename=c; filename-x=d",
            "form-data; filename name; name=a",
        ] {
            assert_eq!(read(text), some("a", None), "{text}");
        }
        assert_eq!(
            read("form-data; Name=\"a\"; FileName=\"b c\""),
            some("a", "b c")
        );
        assert_eq!(
            read("form-data; name=a; filename=b c.txt"),
            some("a", "b c.txt")
        );
        assert_eq!(read("form-data; name=; filename=\"\""), some("", ""));
    }

    #[test]
    fn backslashes() {
        for (sent, filename) in [
            ("x\\\\", "x\\"),
            ("x\\", "x\\"),
            ("a\\\"b", "a\"b"),
            ("C:\\dir\\f.txt", "C:\\dir\\f.txt"),
            ("C:\\", "C:\\"),
        ] {
            let last = format!("form-data; name=\"a\"; filename=\"{sent}\"");
            assert_eq!(read(&last), some("a", filename), "{last}");
            let first = format!("form-data; filename=\"{sent}\"; name=\"a\"");
            assert_eq!(read(&first), some("a", filename), "{first}");
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in [
            "",
            "form-data",
            "form-data; filename=\"a\"",
            "form-data; name=\"a",
            "form-data; name=\"a\"b",
            "form-data; name=a\"b\"",
            "form-data\"; name=a",
            "form-data; \"x\"; name=a",
            "form-data; name=a; name=b",
            "form-data; name=a; NAME=a",
            "form-data; name=a; filename=b; filename=c",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(b"form-data; name=\"\xff\""), None);
        assert_eq!(
            read(b"form-data; name=\"a\"; filename=\"\xff\""),
            some("a", "\u{fffd}")
        );
    }

    fn quote(text: &str) -> String {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }

    proptest! {
        #[test]
        fn reads_what_was_written(name in "[ -~é]{0,12}", filename in prop::option::of("[ -~é]{0,12}"),
            other in "[ -~]{0,12}", key in "(?i)filename", swapped: bool) {
            let mut parts = vec![format!("name={}", quote(&name)), format!("x = {} ", quote(&other))];
            parts.extend(filename.as_ref().map(|filename| format!("{key}={}", quote(filename))));
            if swapped {
                parts.reverse();
            }
            let text = format!("form-data; {}", parts.join("; "));
            prop_assert_eq!(read(text), Some((name, filename)));
        }

        #[test]
        fn an_unescaped_name_of_a_file_is_read_as_it_is(filename in "[ !#-~]{0,12}") {
            prop_assume!(!filename.contains("\\\\"));
            let text = format!("form-data; name=\"a\"; filename=\"{filename}\"");
            prop_assert_eq!(read(text), Some(("a".to_owned(), Some(filename))));
        }

        #[test]
        fn never_panics(text in "(form-data)?([;=\"\\\\ a]|name|filename){0,12}") {
            let _ = read(&text);
        }
    }
}
