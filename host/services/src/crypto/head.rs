//! Typed access to the head of an operation.
//!
//! Errors name the member and the expected value. They repeat only numbers and the values of
//! enumerations, because other members may hold a key.

use std::fmt::Write;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use spikard_wasm_app::{nearest, one_line};
use zeroize::Zeroizing;

use crate::outcome::Failed;

/// Looks up a granted secret by name.
pub(super) type Secrets<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Maximum size of a head, which holds keys and salts at most.
const MAX_SIZE: usize = 1 << 20;

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The arguments of an operation. Reading a member removes it.
pub(super) struct Head<'a> {
    kind: &'a str,
    members: Map<String, Value>,
}

impl<'a> Head<'a> {
    /// Parses a head whose members have these names.
    pub(super) fn parse(kind: &'a str, text: &str, names: &[&str]) -> Result<Self, Failed> {
        if text.len() > MAX_SIZE {
            let message = format!("the head of `{kind}` is larger than {MAX_SIZE} bytes");
            return Err(Failed::new("too-large", message));
        }
        let members = match text {
            "" => Map::new(),
            text => serde_json::from_str(text).map_err(|error| {
                // Only the place, because the message may repeat a key.
                let column = error.column();
                invalid(format!(
                    "the head of `{kind}` is not a JSON object (column {column})"
                ))
            })?,
        };
        let head = Self { kind, members };
        match head.members.keys().find(|name| !names.contains(&&***name)) {
            Some(name) => Err(head.unknown(name, names)),
            None => Ok(head),
        }
    }

    /// The error for an unknown member.
    fn unknown(&self, name: &str, names: &[&str]) -> Failed {
        let near = match name.len() < 64 {
            true => nearest(name, names.iter().copied()),
            false => None,
        };
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use {}", alternatives(names)),
        };
        let name: String = one_line(name).chars().take(64).collect();
        self.invalid(&format!("has an unknown member `{name}`; {hint}"))
    }

    /// The error for arguments that do not fit together.
    pub(super) fn invalid(&self, why: &str) -> Failed {
        invalid(format!("`{}` {why}", self.kind))
    }

    /// Fails if the head has a member that another algorithm needs.
    pub(super) fn exclude(&self, names: &[&str], algorithm: &str) -> Result<(), Failed> {
        match names.iter().find(|name| self.members.contains_key(**name)) {
            Some(name) => {
                Err(self.invalid(&format!("with {algorithm} has no `{name}`; remove it")))
            }
            None => Ok(()),
        }
    }

    /// A text, if the head has it.
    pub(super) fn optional_text(
        &mut self,
        name: &str,
    ) -> Result<Option<Zeroizing<String>>, Failed> {
        match self.members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(Zeroizing::new(text))),
            Some(_) => Err(self.invalid(&format!("needs a string as `{name}`"))),
        }
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str) -> Result<Zeroizing<String>, Failed> {
        let text = self.optional_text(name)?;
        text.ok_or_else(|| self.invalid(&format!("has no `{name}`")))
    }

    /// One of several texts, or a default.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&str, T)],
        default: Option<T>,
    ) -> Result<T, Failed> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let names = alternatives(&names);
        let Some(value) = self.members.remove(name) else {
            return default.ok_or_else(|| self.invalid(&format!("has no `{name}`; use {names}")));
        };
        let text = value.as_str();
        let found = choices.iter().find(|(name, _)| text == Some(name));
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let shown: String = one_line(text.unwrap_or("...")).chars().take(40).collect();
            self.invalid(&format!(
                "has the invalid value `{shown}` for `{name}`; use {names}"
            ))
        })
    }

    /// A whole number, if the head has it.
    pub(super) fn optional_number(
        &mut self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Failed> {
        let Some(value) = self.members.remove(name) else {
            return Ok(None);
        };
        // Some languages write whole numbers with a fraction.
        let whole = |number: f64| (number.fract() == 0.0 && number >= 0.0).then_some(number as u64);
        let number = value.as_u64().or_else(|| value.as_f64().and_then(whole));
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let shown = match value {
                    Value::Number(number) => number.to_string(),
                    _ => "...".to_owned(),
                };
                Err(self.invalid(&format!(
                    "has the invalid value `{shown}` for `{name}`; use a whole number from {} to {}",
                    range.start(),
                    range.end()
                )))
            }
        }
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Result<u64, Failed> {
        let number = self.optional_number(name, range)?;
        number.ok_or_else(|| self.invalid(&format!("has no `{name}`")))
    }

    /// Bytes in Base64, if the head has them.
    pub(super) fn optional_bytes(
        &mut self,
        name: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Failed> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        let bytes = BASE64.decode(text.as_bytes()).map(Zeroizing::new);
        let wrong = |_| self.invalid(&format!("needs Base64 as `{name}`"));
        bytes.map(Some).map_err(wrong)
    }

    /// Bytes in Base64.
    pub(super) fn bytes(&mut self, name: &str) -> Result<Zeroizing<Vec<u8>>, Failed> {
        let bytes = self.optional_bytes(name)?;
        bytes.ok_or_else(|| self.invalid(&format!("has no `{name}`")))
    }

    /// One text or a list of texts, if the head has it.
    pub(super) fn optional_texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Failed> {
        let texts = match self.members.remove(name) {
            None => return Ok(None),
            Some(Value::String(text)) => Some(vec![text]),
            Some(Value::Array(items)) if !items.is_empty() => {
                let items = items.into_iter().map(|item| match item {
                    Value::String(text) => Some(text),
                    _ => None,
                });
                items.collect()
            }
            Some(_) => None,
        };
        let wrong = || self.invalid(&format!("needs a string or a list of strings as `{name}`"));
        texts.map(Some).ok_or_else(wrong)
    }

    /// The key, which is the granted secret `secret` or the member `key` as `inline` reads it.
    pub(super) fn key(
        &mut self,
        secrets: Secrets<'_>,
        inline: impl FnOnce(&mut Self) -> Result<Option<Zeroizing<Vec<u8>>>, Failed>,
    ) -> Result<Zeroizing<Vec<u8>>, Failed> {
        let key = inline(self)?;
        let secret = self.optional_text("secret")?;
        match (key, secret) {
            (Some(key), None) => Ok(key),
            (None, Some(name)) => match secrets(&name) {
                Some(value) => Ok(Zeroizing::new(value.into_bytes())),
                None => Err(self.denied(&name)),
            },
            (Some(_), Some(_)) => Err(self.invalid("has both `key` and `secret`; use one of them")),
            (None, None) => Err(self.invalid("has no key; use `secret` or `key`")),
        }
    }

    /// The error for a secret that is not granted.
    fn denied(&self, name: &str) -> Failed {
        let name: String = one_line(name).chars().take(64).collect();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let key = match !name.is_empty() && name.chars().all(is_plain) {
            true => name.clone(),
            false => format!("{name:?}"),
        };
        let message = format!(
            "`{}` needs the secret `{name}`, which is not granted; add `{key} = \"env:VARIABLE\"` to `[grants.secrets]` in spikard.toml",
            self.kind
        );
        Failed::new("denied", message)
    }
}

fn invalid(message: String) -> Failed {
    Failed::new("invalid", message)
}

/// Words as alternatives: `a`, `b` or `c`.
fn alternatives(words: &[&str]) -> String {
    let mut out = String::new();
    for (index, word) in words.iter().enumerate() {
        let before = match index {
            0 => "",
            index if index + 1 == words.len() => " or ",
            _ => ", ",
        };
        let _ = write!(out, "{before}`{word}`");
    }
    out
}
