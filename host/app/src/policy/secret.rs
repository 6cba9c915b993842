//! Secrets: literal values in a declaration, or names of secrets that the operator provides.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// A declared secret: a string, or `{"secret": "name"}`. Neither `Debug` nor error messages
/// reveal the string.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// A literal secret.
    Text(String),
    /// The name of a secret that the operator provides.
    Named(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Secret"),
            Self::Named(name) => f.debug_tuple("Secret").field(name).finish(),
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => return Ok(Self::Text(text)),
            Value::Object(mut members) if members.len() == 1 => {
                if let Some(Value::String(name)) = members.remove("secret") {
                    return Ok(Self::Named(name));
                }
            }
            _ => {}
        }
        Err(D::Error::custom(
            "a secret is a string, or `{\"secret\": \"name\"}` for one from `serve --secret`",
        ))
    }
}

/// The secrets that the operator provides, by name.
///
/// The default value stands for unknown secrets: an app that names secrets loads for
/// inspection, but the policies that need them reject every request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Option<BTreeMap<String, Arc<[u8]>>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(given) => f.debug_set().entries(given.keys()).finish(),
            None => f.write_str("unknown"),
        }
    }
}

impl FromIterator<(String, Vec<u8>)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(given: I) -> Self {
        let given = given.into_iter();
        Self(Some(
            given.map(|(name, value)| (name, value.into())).collect(),
        ))
    }
}

impl Secrets {
    /// Returns the bytes of a declared secret. `None` if secrets are unknown.
    ///
    /// # Errors
    /// The secret is missing or empty.
    pub(super) fn find(&self, declared: &Secret) -> Result<Option<Arc<[u8]>>, String> {
        let found: Arc<[u8]> = match (declared, &self.0) {
            (Secret::Text(text), _) => text.as_bytes().into(),
            (Secret::Named(_), None) => return Ok(None),
            (Secret::Named(name), Some(given)) => given.get(name).cloned().ok_or_else(|| {
                format!(
                    "needs the secret `{name}`, which is not given; start with \
                     `--secret {name}=env:VARIABLE`, or, if the app reads it too, add \
                     `{name} = \"env:VARIABLE\"` to `[grants.secrets]` in spikard.toml"
                )
            })?,
        };
        if found.is_empty() {
            return Err(match declared {
                Secret::Text(_) => "has an empty secret".to_owned(),
                Secret::Named(name) => format!("has the secret `{name}`, which is empty"),
            });
        }
        Ok(Some(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_found_and_never_shown() {
        let read = |text| serde_json::from_str::<Secret>(text);
        let named = read(r#"{"secret": "a"}"#).unwrap();
        let text = read(r#""hunter2""#).unwrap();
        let secrets: Secrets = [("a".to_owned(), b"hunter2".to_vec())]
            .into_iter()
            .collect();
        for secret in [&named, &text] {
            let found = secrets.find(secret).unwrap().unwrap();
            assert_eq!(&*found, b"hunter2");
        }
        let shown = format!("{named:?} {text:?} {secrets:?}");
        assert_eq!(shown, "Secret(\"a\") Secret {\"a\"}");
        for bad in ["1234", r#"{"secrets": "hunter2"}"#, r#"["hunter2"]"#] {
            let error = read(bad).unwrap_err().to_string();
            assert!(
                !error.contains("hunter2") && !error.contains("1234"),
                "{error}"
            );
        }
    }

    #[test]
    fn one_that_is_missing_is_named() {
        let named = Secret::Named("jwt".into());
        assert_eq!(Secrets::default().find(&named), Ok(None));
        let given = Secrets::from_iter([("other".to_owned(), vec![])]);
        let error = given.find(&named).unwrap_err();
        assert!(error.contains("`--secret jwt=env:VARIABLE`"), "{error}");
        assert!(given.find(&Secret::Named("other".into())).is_err());
        assert!(given.find(&Secret::Text(String::new())).is_err());
    }
}
