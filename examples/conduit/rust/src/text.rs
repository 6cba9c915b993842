//! Texts that the host checks.

use std::borrow::Cow;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use spikard_wasm_sdk::{ParamWriter, ToParam};

/// Some visible character, and no NUL, which PostgreSQL cannot store.
const NOT_BLANK: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";
const NO_NUL: &str = r"^[^\u0000]*$";

/// A text of at most `MAX` characters that is not blank.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> ToParam for Text<MAX> {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        writer.text(self);
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": NOT_BLANK, "maxLength": MAX })
    }
}

/// A text of at most `MAX` characters, or nothing: null or an empty text.
#[derive(Clone, Debug)]
pub struct OptionalText<const MAX: usize>(Option<String>);

impl<'de, const MAX: usize> Deserialize<'de> for OptionalText<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(Self(text.filter(|text| !text.is_empty())))
    }
}

impl<const MAX: usize> ToParam for OptionalText<MAX> {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        self.0.write(writer);
    }
}

impl<const MAX: usize> JsonSchema for OptionalText<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OptionalText{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "null"], "pattern": NO_NUL, "maxLength": MAX })
    }
}

/// Reads a member that is present, so that null is a value of `T` and not the absence of one.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}
