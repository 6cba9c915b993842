//! Serialization styles of parameters (OpenAPI 3.1, section 4.8.12.3; based on RFC 6570).

use std::borrow::Cow;

use serde::Deserialize;

use crate::location::Location;

/// The serialization style of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Style {
    /// `a=1&a=2`, or `a=1,2`.
    Form,
    /// `a=1%202`.
    SpaceDelimited,
    /// `a=1|2`.
    PipeDelimited,
    /// `a[b]=1`.
    DeepObject,
    /// `1,2`.
    Simple,
    /// `.1.2`.
    Label,
    /// `;a=1;a=2`.
    Matrix,
}

impl Style {
    /// Returns the default style of a location.
    pub(crate) fn default_of(location: Location) -> Self {
        match location {
            Location::Query | Location::Cookie => Self::Form,
            Location::Path | Location::Header => Self::Simple,
        }
    }

    /// Returns true if OpenAPI defines the style for a location.
    pub(crate) fn is_defined_for(self, location: Location) -> bool {
        match self {
            Self::Form => matches!(location, Location::Query | Location::Cookie),
            Self::SpaceDelimited | Self::PipeDelimited | Self::DeepObject => {
                location == Location::Query
            }
            Self::Simple => matches!(location, Location::Path | Location::Header),
            Self::Label | Self::Matrix => location == Location::Path,
        }
    }

    /// Strips the prefix of this style from a path segment. `None` if the prefix is
    /// missing. For `matrix` with `explode`, the rest still contains the names.
    pub(crate) fn strip<'t>(self, name: &str, explode: bool, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Label => text.strip_prefix('.'),
            Self::Matrix if explode => text.strip_prefix(';'),
            Self::Matrix => text
                .strip_prefix(';')?
                .strip_prefix(name)?
                .strip_prefix('='),
            _ => Some(text),
        }
    }

    /// Returns the separator between items.
    pub(crate) fn separator(self, explode: bool) -> char {
        match self {
            Self::SpaceDelimited => ' ',
            Self::PipeDelimited => '|',
            Self::Label if explode => '.',
            Self::Matrix if explode => ';',
            _ => ',',
        }
    }
}

/// Splits the text of a query or cookie into decoded items.
///
/// Most clients escape separators. If the text contains an unescaped separator, escaped
/// ones are part of an item; otherwise they separate items. An empty text has no items.
pub(crate) fn split_encoded<'t, E>(
    text: &'t str,
    separator: char,
    decode: fn(&'t str) -> Result<Cow<'t, str>, E>,
) -> Result<Vec<Cow<'t, str>>, E> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    // A space or a bar is always escaped in a query.
    if separator == ',' && text.contains(separator) {
        return text.split(separator).map(decode).collect();
    }
    Ok(match decode(text)? {
        Cow::Borrowed(text) => text.split(separator).map(Cow::Borrowed).collect(),
        Cow::Owned(text) => {
            let items = text.split(separator);
            items.map(|item| Cow::Owned(item.to_owned())).collect()
        }
    })
}

/// Converts a list of items to members: `a,1,b,2`, or `a=1,b=2` with `explode`. `None` if a
/// name has no value.
pub(crate) fn members<'t>(
    items: Vec<Cow<'t, str>>,
    explode: bool,
) -> Option<Vec<(Cow<'t, str>, Cow<'t, str>)>> {
    if explode {
        return items
            .into_iter()
            .map(|item| match item {
                Cow::Borrowed(item) => {
                    let (name, value) = item.split_once('=')?;
                    Some((Cow::Borrowed(name), Cow::Borrowed(value)))
                }
                Cow::Owned(item) => {
                    let (name, value) = item.split_once('=')?;
                    Some((name.to_owned().into(), value.to_owned().into()))
                }
            })
            .collect();
    }
    let mut members = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let Some(name) = items.next() {
        members.push((name, items.next()?));
    }
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    #[test]
    fn splits() {
        let split = |text, separator| split_encoded(text, separator, decode::form).unwrap();
        assert_eq!(split("1,2", ','), ["1", "2"]);
        assert_eq!(split("1%2C2", ','), ["1", "2"]);
        assert_eq!(split("a%2Cb,c", ','), ["a,b", "c"]);
        assert_eq!(split("a+b%20c", ' '), ["a", "b", "c"]);
        assert_eq!(split("a%7Cb|c", '|'), ["a", "b", "c"]);
        assert!(split("", ',').is_empty());
        assert!(split_encoded("%ff", ',', decode::form).is_err());
    }

    #[test]
    fn members_have_names_and_values() {
        let items = |texts: &[&'static str]| texts.iter().map(|t| Cow::Borrowed(*t)).collect();
        let some = Some(vec![("a".into(), "1".into()), ("b".into(), "2".into())]);
        assert_eq!(members(items(&["a", "1", "b", "2"]), false), some);
        assert_eq!(members(items(&["a=1", "b=2"]), true), some);
        assert_eq!(members(items(&["a"]), false), None);
        assert_eq!(members(items(&["a"]), true), None);
    }
}
