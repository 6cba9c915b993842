//! Media types (RFC 9110, section 8.3).

use std::borrow::Cow;

/// A media type: its type and subtype in lower case, and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType<'t> {
    essence: Cow<'t, str>,
    parameters: &'t str,
}

impl<'t> MediaType<'t> {
    /// The content type of a URL-encoded form.
    pub const FORM: &'static str = "application/x-www-form-urlencoded";
    /// The content type of a multipart form.
    pub const MULTIPART: &'static str = "multipart/form-data";

    /// Parses the value of a `content-type` header. `None` if it is not a media type.
    #[must_use]
    pub fn parse(value: &'t str) -> Option<Self> {
        let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
        let essence = essence.trim_matches([' ', '\t']);
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let essence = if essence.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(essence.to_ascii_lowercase())
        } else {
            Cow::Borrowed(essence)
        };
        Some(Self {
            essence,
            parameters,
        })
    }

    /// Returns type and subtype.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.essence
    }

    /// Returns the value of the first parameter of this name, ignoring case. Skips
    /// malformed parameters.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'t, str>> {
        let mut rest = self.parameters;
        while !rest.is_empty() {
            let end = rest.find(['=', ';']).unwrap_or(rest.len());
            let (found, after) = rest.split_at(end);
            let Some(value) = after.strip_prefix('=') else {
                rest = after.get(1..).unwrap_or_default();
                continue;
            };
            let (value, after) = read_value(value.trim_start_matches([' ', '\t']));
            if found.trim_matches([' ', '\t']).eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = after;
        }
        None
    }

    /// Returns true for `application/json` and every `+json` type.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.essence == "application/json" || self.essence.ends_with("+json")
    }

    /// Returns true for `text/*`.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.essence.starts_with("text/")
    }

    /// Returns true for a URL-encoded form.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.essence == Self::FORM
    }

    /// Returns true for a multipart form.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.essence == Self::MULTIPART
    }

    /// Returns true if `range` (`text/plain`, `text/*`, `*/*`) covers this type. `range` is
    /// in lower case and without parameters; `application/json` covers every `+json` type.
    pub(crate) fn matches(&self, range: &str) -> bool {
        range == self.essence
            || range == "*/*"
            || (range == "application/json" && self.is_json())
            || range
                .strip_suffix('*')
                .is_some_and(|prefix| prefix.ends_with('/') && self.essence.starts_with(prefix))
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Reads a token or a quoted string. Returns its value and the text after the next `;`.
fn read_value(text: &str) -> (Cow<'_, str>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_once(';').unwrap_or((text, ""));
        return (Cow::Borrowed(value.trim_matches([' ', '\t'])), after);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    let mut end = quoted.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                end = at + 1;
                break;
            }
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    let after = quoted.get(end..).and_then(|rest| rest.split_once(';'));
    (Cow::Owned(value), after.map_or("", |(_, after)| after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parses() {
        let json = MediaType::parse("Application/Problem+JSON; charset=utf-8").unwrap();
        assert_eq!(json.as_str(), "application/problem+json");
        assert!(json.is_json() && json.matches("application/json") && json.matches("*/*"));
        assert!(!json.matches("text/*") && json.matches("application/*"));
        assert!(MediaType::parse("text").is_none());
        assert!(MediaType::parse("te xt/plain").is_none());
        assert!(MediaType::parse("/;").is_none());
    }

    #[test]
    fn reads_parameters() {
        let parameter = |text: &str, name: &str| {
            let media = MediaType::parse(text).unwrap();
            media.parameter(name).map(Cow::into_owned)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            parameter("a/b; Charset=\"UTF-8\"; x=1", "charset"),
            some("UTF-8")
        );
        assert_eq!(parameter("a/b; y=\"a;\\\"x=2\"; x = 1 ", "x"), some("1"));
        assert_eq!(
            parameter("a/b; y=\"a;\\\"x=2\"; x = 1 ", "y"),
            some("a;\"x=2")
        );
        assert_eq!(parameter("a/b; flag; x=1; x=2", "x"), some("1"));
        assert_eq!(parameter("a/b; x=\"open", "x"), some("open"));
        assert_eq!(parameter("a/b", "x"), None);
        assert_eq!(parameter("a/b;x", "x"), None);
    }

    proptest! {
        #[test]
        fn reads_what_was_written(kind in "[a-z]{1,5}", subtype in "[a-z.+-]{1,8}", value in "[ -~]{0,12}") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!("{kind}/{subtype}; a=b ;v=\"{quoted}\"; c=d");
            let media = MediaType::parse(&text).unwrap();
            prop_assert_eq!(media.as_str(), format!("{kind}/{subtype}"));
            prop_assert_eq!(media.parameter("V").unwrap(), value);
            prop_assert_eq!(media.parameter("c").unwrap(), "d");
        }

        #[test]
        fn never_panics(text in "\\PC*|a/b[;=\"\\\\ a-b]*") {
            if let Some(media) = MediaType::parse(&text) {
                let _ = (media.parameter("a"), media.matches("text/*"));
            }
        }
    }
}
