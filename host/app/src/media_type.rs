//! Media types (RFC 9110, section 8.3), as far as choosing how to read a body
//! needs them.

/// A media type without its parameters, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
}

impl MediaType {
    /// The content type of a URL-encoded form.
    pub const FORM: &'static str = "application/x-www-form-urlencoded";
    /// The content type of a form with files.
    pub const MULTIPART: &'static str = "multipart/form-data";

    /// Reads the value of a `content-type` header. `None` when it is not a media type.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let essence = value.split(';').next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        let token = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
        };
        (token(kind) && token(subtype)).then_some(Self { essence })
    }

    /// Type and subtype.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.essence
    }

    /// `application/json` and every `+json`.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.essence == "application/json" || self.essence.ends_with("+json")
    }

    /// `text/*`.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.essence.starts_with("text/")
    }

    /// A URL-encoded form.
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.essence == Self::FORM
    }

    /// A form with files.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.essence == Self::MULTIPART
    }

    /// Whether `range` (`text/plain`, `text/*`, `*/*`) covers this type; a range
    /// of `application/json` covers every `+json`.
    pub(crate) fn matches(&self, range: &str) -> bool {
        range == self.essence
            || range == "*/*"
            || (range == "application/json" && self.is_json())
            || range
                .strip_suffix('*')
                .is_some_and(|prefix| prefix.ends_with('/') && self.essence.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses() {
        let json = MediaType::parse("Application/Problem+JSON; charset=utf-8").unwrap();
        assert_eq!(json.as_str(), "application/problem+json");
        assert!(json.is_json() && json.matches("application/json") && json.matches("*/*"));
        assert!(!json.matches("text/*") && json.matches("application/*"));
        assert!(MediaType::parse("text").is_none());
        assert!(MediaType::parse("te xt/plain").is_none());
    }
}
