//! Typed access to the entries of `spikard.toml`.
//!
//! A [`TomlEntry`] knows its file and its dotted key, so that every error names the key, its
//! value and the expected form.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use spikard_wasm_app::{Isolation, RouteOverride, nearest, one_line};
use toml::Value;

use super::limits::Limit;
use super::values::{self, MetricsEndpoint, SecretArg, SecretSource};

/// Keys of a table in `[routes]`.
const ROUTE: [&str; 3] = ["body_limit", "instances", "timeout"];

/// A key of `spikard.toml` with its value.
pub(super) struct TomlEntry<'a> {
    file: &'a Path,
    /// Names of the enclosing tables, outermost first.
    tables: Vec<&'a str>,
    /// Position of the outermost table in its array of tables, from 1.
    number: Option<usize>,
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
}

impl<'a> TomlEntry<'a> {
    pub(super) fn new(file: &'a Path, name: &'a str, value: &'a Value) -> Self {
        Self {
            file,
            tables: Vec::new(),
            number: None,
            name,
            value,
        }
    }

    /// The tables of an array of tables.
    pub(super) fn array_of_tables(&self) -> Result<Vec<TomlEntry<'a>>> {
        let Value::Array(tables) = self.value else {
            let why = format!("use an array of tables, `[[{}]]`", self.name);
            return Err(self.invalid(&why));
        };
        let entry = |(index, value): (usize, &'a Value)| TomlEntry {
            file: self.file,
            tables: self.tables.clone(),
            number: Some(index + 1),
            name: self.name,
            value,
        };
        Ok(tables.iter().enumerate().map(entry).collect())
    }

    /// A key of the same table as a dotted key.
    fn dotted_key(&self, name: &str) -> String {
        let plain = |word: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            !word.is_empty() && word.chars().all(is_plain)
        };
        let words = self.tables.iter().chain(std::iter::once(&name));
        let words = words.map(|word| match plain(word) {
            true => (*word).to_owned(),
            false => format!("{:?}", one_line(word)),
        });
        let mut words: Vec<String> = words.collect();
        if let (Some(number), Some(first)) = (self.number, words.first_mut()) {
            first.push_str(&format!("[{number}]"));
        }
        words.join(".")
    }

    /// The error for an invalid value; `why` states the remedy.
    pub(super) fn invalid(&self, why: &str) -> anyhow::Error {
        let shown = one_line(&self.value.to_string())
            .chars()
            .take(80)
            .collect::<String>();
        anyhow!(
            "`{}`: invalid value `{shown}` for `{}`; {why}",
            self.file.display(),
            self.dotted_key(self.name)
        )
    }

    /// The error for a missing required key.
    pub(super) fn missing(&self, key: &str) -> anyhow::Error {
        let (file, name) = (self.file.display(), self.dotted_key(self.name));
        anyhow!("`{file}`: `{name}` has no `{key}`; every `[[app]]` needs one")
    }

    /// The error for an unknown key or table, with the nearest known name.
    pub(super) fn unknown<'k>(
        &self,
        kind: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> anyhow::Error {
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let hint = match nearest(self.name, known.iter().copied()) {
            Some(near) => format!("did you mean `{}`?", self.dotted_key(near)),
            None => format!("use one of `{}`", known.join("`, `")),
        };
        let name = self.dotted_key(self.name);
        anyhow!("`{}`: unknown {kind} `{name}`; {hint}", self.file.display())
    }

    /// The entries of a table.
    pub(super) fn members(&self) -> Result<Vec<TomlEntry<'a>>> {
        let Value::Table(table) = self.value else {
            let why = format!("use a table, `[{}]`", self.dotted_key(self.name));
            return Err(self.invalid(&why));
        };
        let mut tables = self.tables.clone();
        tables.push(self.name);
        let entry = |(name, value): (&'a String, &'a Value)| TomlEntry {
            file: self.file,
            tables: tables.clone(),
            number: self.number,
            name,
            value,
        };
        Ok(table.iter().map(entry).collect())
    }

    /// The elements of an array, each with the array's key.
    pub(super) fn items(&self) -> Result<Vec<TomlEntry<'a>>> {
        let Value::Array(items) = self.value else {
            return Err(self.invalid("use an array, `[...]`"));
        };
        let item = |value: &'a Value| TomlEntry {
            file: self.file,
            tables: self.tables.clone(),
            number: self.number,
            name: self.name,
            value,
        };
        Ok(items.iter().map(item).collect())
    }

    /// File and key, for errors that must not repeat the value.
    pub(super) fn label(&self) -> String {
        let name = self.dotted_key(self.name);
        format!("`{}`: `{name}`", self.file.display())
    }

    /// Resolves a path relative to the file's folder.
    pub(super) fn resolve_path(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    /// A string, possibly empty; `expected` names its meaning in errors.
    pub(super) fn text_or_empty(&self, expected: &str) -> Result<&'a str> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.invalid(&format!("use {expected}, as a string")))
    }

    /// A non-empty string; `expected` names its meaning in errors.
    pub(super) fn text(&self, expected: &str) -> Result<&'a str> {
        match self.value.as_str() {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.invalid(&format!("use {expected}, as a non-empty string"))),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool> {
        let value = self.value.as_bool();
        value.ok_or_else(|| self.invalid("use `true` or `false`"))
    }

    pub(super) fn port(&self) -> Result<u16> {
        let number = self
            .value
            .as_integer()
            .and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| self.invalid("use a port number from 0 to 65535"))
    }

    /// A path, resolved relative to the file's folder.
    pub(super) fn path(&self) -> Result<PathBuf> {
        Ok(self.resolve_path(Path::new(self.text("a path")?)))
    }

    pub(super) fn choice<T: ValueEnum>(&self) -> Result<T> {
        let choice = self
            .value
            .as_str()
            .and_then(|text| T::from_str(text, false).ok());
        choice.ok_or_else(|| {
            let names = T::value_variants().iter().filter_map(T::to_possible_value);
            let names: Vec<String> = names
                .map(|name| format!("`\"{}\"`", name.get_name()))
                .collect();
            self.invalid(&format!("use one of {}", names.join(", ")))
        })
    }

    pub(super) fn isolation(&self) -> Result<Isolation> {
        let isolation = self
            .value
            .as_str()
            .and_then(|text| values::isolation(text).ok());
        isolation.ok_or_else(|| self.invalid("use `\"reuse\"`, `\"fresh\"` or `\"shared\"`"))
    }

    pub(super) fn metrics(&self) -> Result<MetricsEndpoint> {
        match self.value {
            Value::Boolean(true) => Ok(MetricsEndpoint::App),
            Value::Boolean(false) => Ok(MetricsEndpoint::Off),
            Value::String(text) => values::address(text)
                .map(|(host, port)| MetricsEndpoint::Address(host, port))
                .map_err(|why| self.invalid(&why)),
            _ => Err(self.invalid("use `true`, `false` or `\"HOST:PORT\"`")),
        }
    }

    fn secret(&self) -> Result<SecretArg> {
        let usage = "use `\"env:VARIABLE\"` or `\"file:PATH\"`";
        // The value may be the secret itself, so the error does not repeat it.
        let invalid = || anyhow!("{} has an invalid secret source; {usage}", self.label());
        let mut source = values::secret_source(self.value.as_str().unwrap_or_default())
            .map_err(|()| invalid())?;
        if let SecretSource::File(path) = &mut source {
            *path = self.resolve_path(path);
        }
        Ok(SecretArg {
            name: self.name.to_owned(),
            source,
        })
    }

    /// A table of secrets.
    pub(super) fn secrets(&self) -> Result<Vec<SecretArg>> {
        self.members()?.iter().map(Self::secret).collect()
    }

    /// A table of routes.
    pub(super) fn routes(&self) -> Result<BTreeMap<String, RouteOverride>> {
        let members = self.members()?;
        let named = |entry: &Self| Ok((entry.name.to_owned(), entry.route()?));
        members.iter().map(named).collect()
    }

    fn route(&self) -> Result<RouteOverride> {
        let mut route = RouteOverride::default();
        for entry in self.members()? {
            // Routes have the keys and ranges of `[serve]`.
            let limit = |name| match Limit::find("serve", name) {
                Some(limit) => limit.read(entry.value).map_err(|why| entry.invalid(&why)),
                None => Err(entry.unknown("key", ROUTE.iter().copied())),
            };
            match entry.name {
                "instances" => route.instances = Some(entry.isolation()?),
                "timeout" => route.timeout = Some(Duration::from_millis(limit("timeout")?)),
                "body_limit" => route.body_limit = Some(limit("body_limit")?),
                _ => return Err(entry.unknown("key", ROUTE.iter().copied())),
            }
        }
        Ok(route)
    }
}
