//! The settings and secrets that an app declares, and their check against the operator's grants.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::coerce::rejected_value;
use crate::coercion_schema::{CoercionSchema, ROOT};
use crate::grants::Grants;
use crate::printable::one_line;
use crate::schema::Schema;

/// The settings and secrets that an app declares.
#[derive(Debug, Default)]
pub struct Declared {
    settings: Vec<Setting>,
    secrets: Vec<String>,
}

/// A declared setting.
#[derive(Debug)]
struct Setting {
    name: String,
    is_required: bool,
    default: Option<String>,
    coercion: CoercionSchema,
    schema: Schema,
}

impl Declared {
    /// Compiles the declarations: a JSON Schema of an object whose properties are the settings,
    /// and the names of the secrets.
    ///
    /// # Errors
    /// A clause about the app's settings.
    pub(crate) fn new(config: Option<&Value>, secrets: &[String]) -> Result<Self, String> {
        let secrets = secrets.to_vec();
        if let Some(name) = secrets.iter().find(|name| name.is_empty()) {
            return Err(format!("`secrets` contains `{name}`; use a name"));
        }
        let Some(config) = config else {
            return Ok(Self {
                settings: Vec::new(),
                secrets,
            });
        };
        if !config.is_object() {
            return Err("`config` is not a JSON Schema; use that of an object".to_owned());
        }
        let empty = Map::new();
        let properties = match config.get("properties") {
            None => &empty,
            Some(properties) => properties
                .as_object()
                .ok_or("`config` has `properties` that are not an object")?,
        };
        if config.get("type").is_some_and(|kind| kind != "object") {
            return Err("`config` is not the schema of an object".to_owned());
        }
        let required = config.get("required").and_then(Value::as_array);
        let required: Vec<_> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if let Some(name) = required
            .iter()
            .find(|name| !properties.contains_key(**name))
        {
            return Err(format!(
                "`config` requires the setting `{name}`, which `properties` does not have; add its schema"
            ));
        }
        let settings = properties.iter().map(|(name, schema)| {
            let schema = embed(schema, config);
            Setting::new(name, &schema, required.contains(&name.as_str()))
        });
        Ok(Self {
            settings: settings.collect::<Result<_, _>>()?,
            secrets,
        })
    }

    /// Checks that the grants contain the settings and secrets. Returns the settings that they do
    /// not contain, with their defaults.
    ///
    /// # Errors
    /// One sentence that names each missing or invalid setting and secret, and the remedy. It
    /// never contains a secret.
    pub fn check(&self, grants: &Grants) -> Result<BTreeMap<String, Option<String>>, String> {
        let none = BTreeMap::new();
        let granted = grants.config.as_ref().unwrap_or(&none);
        let mut defaults = BTreeMap::new();
        let (mut wrong, mut missing) = (Vec::new(), Vec::new());
        for setting in &self.settings {
            match granted.get(&setting.name) {
                Some(text) => wrong.extend(setting.check(text).err()),
                None if setting.is_required && setting.default.is_none() => {
                    missing.push(setting.name.as_str());
                }
                None => {
                    defaults.insert(setting.name.clone(), setting.default.clone());
                }
            }
        }
        if !missing.is_empty() {
            wrong.push(lacks("setting", &missing, "[grants.config]", "\"...\""));
        }
        let secrets = self.secrets.iter().map(String::as_str);
        let missing: Vec<_> = secrets
            .filter(|name| !grants.secrets.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            let value = "\"env:VARIABLE\"";
            wrong.push(lacks("secret", &missing, "[grants.secrets]", value));
        }
        match wrong.is_empty() {
            true => Ok(defaults),
            false => Err(wrong.join("; ")),
        }
    }

    /// Returns the names of the declared settings, and whether the operator must grant each.
    pub fn settings(&self) -> impl Iterator<Item = (&str, bool)> {
        let all = self.settings.iter();
        all.map(|it| (it.name.as_str(), it.is_required && it.default.is_none()))
    }

    /// Returns the names of the declared secrets.
    #[must_use]
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }
}

impl Setting {
    fn new(name: &str, schema: &Value, is_required: bool) -> Result<Self, String> {
        let compiled = Schema::compile(schema)
            .map_err(|error| format!("the schema of the setting `{name}` is invalid: {error}"))?;
        let default = schema.get("default").filter(|value| !value.is_null());
        let default = default.map(|value| match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        });
        let coercion = CoercionSchema::of(schema);
        if coercion.scalars(ROOT).is_empty() && !coercion.is_json(ROOT) {
            return Err(format!(
                "the schema of the setting `{name}` has no type that a text can have; use `string`, `integer`, `number` or `boolean`"
            ));
        }
        let setting = Self {
            name: name.to_owned(),
            is_required,
            default,
            coercion,
            schema: compiled,
        };
        if let Some(default) = &setting.default {
            setting.check(default)?;
        }
        Ok(setting)
    }

    /// Checks the text of a value.
    fn check(&self, text: &str) -> Result<(), String> {
        let scalars = self.coercion.scalars(ROOT);
        let value = scalars.iter().find_map(|scalar| {
            let value = scalar.read(text)?;
            self.schema.is_valid(&value).then_some(value)
        });
        if value.is_some() {
            return Ok(());
        }
        let read = scalars.iter().find_map(|scalar| scalar.read(text));
        let json = || serde_json::from_str(text).ok();
        let value = match self.coercion.is_json(ROOT) {
            true => read.or_else(json),
            false => read,
        };
        let value = value.unwrap_or_else(|| rejected_value(scalars, text));
        match self.schema.first_error(&value) {
            None => Ok(()),
            Some(error) => Err(format!(
                "the setting `{}` is `{}`: {error}",
                self.name,
                one_line(&text[..text.floor_char_boundary(256)]),
            )),
        }
    }
}

/// Gives a property the definitions of the whole schema, which its references name.
fn embed(schema: &Value, whole: &Value) -> Value {
    let mut schema = schema.clone();
    if let Value::Object(members) = &mut schema {
        for name in ["$defs", "definitions"] {
            if let Some(definitions) = whole.get(name) {
                members.entry(name).or_insert_with(|| definitions.clone());
            }
        }
    }
    schema
}

/// Returns a clause about what the operator has to grant.
fn lacks(what: &str, names: &[&str], table: &str, value: &str) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    let list: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let lines: Vec<_> = names
        .iter()
        .map(|name| format!("`{name} = {value}`"))
        .collect();
    format!(
        "the app needs the {what}{plural} {}; add {} to `{table}` in spikard.toml",
        list.join(", "),
        lines.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::Secret;
    use serde_json::json;

    fn declared(config: Value, secrets: &[&str]) -> Declared {
        let secrets: Vec<_> = secrets.iter().map(|name| (*name).to_owned()).collect();
        Declared::new(Some(&config), &secrets).expect("declarations")
    }

    fn config(entries: &[(&str, &str)]) -> Grants {
        let entries = entries.iter();
        let entries = entries.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Grants {
            config: Some(entries.collect()),
            ..Grants::default()
        }
    }

    fn shop() -> Declared {
        let schema = json!({
            "type": "object",
            "properties": {
                "greeting": {"type": "string", "default": "Hi"},
                "size": {"type": "integer", "minimum": 1},
                "ratio": {"type": "number", "default": 0.5},
                "strict": {"type": "boolean"},
                "color": {"$ref": "#/$defs/color"},
            },
            "required": ["greeting", "size"],
            "$defs": {"color": {"enum": ["red", "blue"], "type": "string"}},
        });
        declared(schema, &[])
    }

    #[test]
    fn defaults_fill_what_is_not_granted() {
        let defaults = shop().check(&config(&[("size", "5"), ("strict", "yes")]));
        let defaults = defaults.expect("valid");
        let defaults: Vec<_> = defaults
            .iter()
            .map(|(name, default)| (&**name, default.as_deref()))
            .collect();
        let expected = [
            ("color", None),
            ("greeting", Some("Hi")),
            ("ratio", Some("0.5")),
        ];
        assert_eq!(defaults, expected);
    }

    #[test]
    fn missing_and_invalid_values_are_named() {
        let error = shop().check(&Grants::default()).unwrap_err();
        assert_eq!(
            error,
            "the app needs the setting `size`; add `size = \"...\"` to `[grants.config]` in spikard.toml"
        );
        for (name, value) in [
            ("size", "0"),
            ("size", "many"),
            ("strict", "2"),
            ("color", "pink"),
        ] {
            let mut entries = vec![("size", "5"), (name, value)];
            entries.dedup_by(|later, first| {
                later.0 == first.0 && {
                    *first = *later;
                    true
                }
            });
            let error = shop().check(&config(&entries)).unwrap_err();
            let start = format!("the setting `{name}` is `{value}`: ");
            assert!(error.starts_with(&start), "{error}");
        }
    }

    #[test]
    fn secrets_must_be_granted_and_never_show() {
        let declared = declared(json!({"properties": {}}), &["jwt", "mail"]);
        let mut grants = Grants::default();
        grants
            .secrets
            .insert("jwt".to_owned(), Secret::new("hunter2".to_owned()));
        let error = declared.check(&grants).unwrap_err();
        assert_eq!(
            error,
            "the app needs the secret `mail`; add `mail = \"env:VARIABLE\"` to `[grants.secrets]` in spikard.toml"
        );
    }

    #[test]
    fn declarations_are_checked() {
        let error = |config: Value| Declared::new(Some(&config), &[]).unwrap_err();
        error(json!(5));
        error(json!({"properties": []}));
        let text = error(json!({"properties": {}, "required": ["a"]}));
        assert!(text.contains("requires the setting `a`"), "{text}");
        error(json!({"type": "string"}));
        let text = error(json!({"properties": {"a": {"type": "integer", "default": "x"}}}));
        assert!(text.contains("the setting `a` is `x`"), "{text}");
        let text = error(json!({"properties": {"a": {"type": "integer", "minimum": "x"}}}));
        assert!(text.contains("schema of the setting `a`"), "{text}");
        assert!(Declared::new(None, &[String::new()]).is_err());
    }
}
