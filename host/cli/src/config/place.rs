//! A key of `spikard.toml` with its value: what it may be, and what is said of it where
//! it is something else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use spikard_wasm_app::{Isolation, RouteOverride, nearest, one_line};
use toml::Value;

use super::limits::Limit;
use super::values::{self, MetricsAt, SecretArg, SecretSource};

/// The keys of a table in `[routes]`.
const ROUTE: [&str; 3] = ["body_limit", "instances", "timeout"];

/// A key with its value.
pub(super) struct Place<'a> {
    file: &'a Path,
    /// The tables that it is in, the first of which is one of several.
    tables: Vec<&'a str>,
    number: Option<usize>,
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
}

impl<'a> Place<'a> {
    pub(super) fn new(file: &'a Path, name: &'a str, value: &'a Value) -> Self {
        Self {
            file,
            tables: Vec::new(),
            number: None,
            name,
            value,
        }
    }

    /// The tables that it is a list of.
    pub(super) fn each(&self) -> Result<Vec<Place<'a>>> {
        let Value::Array(tables) = self.value else {
            let why = format!("there may be several, so write `[[{}]]`", self.name);
            return Err(self.wrong(&why));
        };
        let place = |(index, value): (usize, &'a Value)| Place {
            file: self.file,
            tables: self.tables.clone(),
            number: Some(index + 1),
            name: self.name,
            value,
        };
        Ok(tables.iter().enumerate().map(place).collect())
    }

    /// The key with its tables before it.
    fn dotted(&self, name: &str) -> String {
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

    pub(super) fn wrong(&self, why: &str) -> anyhow::Error {
        let shown = one_line(&self.value.to_string())
            .chars()
            .take(80)
            .collect::<String>();
        anyhow!(
            "`{}`: `{}` is `{shown}`: {why}",
            self.file.display(),
            self.dotted(self.name)
        )
    }

    /// A key is not there that must be.
    pub(super) fn lacks(&self, key: &str) -> anyhow::Error {
        let (file, name) = (self.file.display(), self.dotted(self.name));
        anyhow!("`{file}`: `{name}` has no `{key}`, which every app must have: add it")
    }

    pub(super) fn unknown<'k>(
        &self,
        kind: &str,
        known: impl Iterator<Item = &'k str>,
    ) -> anyhow::Error {
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let hint = match nearest(self.name, known.iter().copied()) {
            Some(near) => format!("did you mean `{}`?", self.dotted(near)),
            None => format!("there are `{}`", known.join("`, `")),
        };
        let name = self.dotted(self.name);
        anyhow!(
            "`{}`: there is no {kind} `{name}`: {hint}",
            self.file.display()
        )
    }

    pub(super) fn members(&self) -> Result<Vec<Place<'a>>> {
        let Value::Table(table) = self.value else {
            let why = format!("it is a table, so write `[{}]`", self.dotted(self.name));
            return Err(self.wrong(&why));
        };
        let mut tables = self.tables.clone();
        tables.push(self.name);
        let place = |(name, value): (&'a String, &'a Value)| Place {
            file: self.file,
            tables: tables.clone(),
            number: self.number,
            name,
            value,
        };
        Ok(table.iter().map(place).collect())
    }

    /// The elements of a list, each under the list's name.
    pub(super) fn items(&self) -> Result<Vec<Place<'a>>> {
        let Value::Array(items) = self.value else {
            return Err(self.wrong("it is a list, so write it in `[` and `]`"));
        };
        let item = |value: &'a Value| Place {
            file: self.file,
            tables: self.tables.clone(),
            number: self.number,
            name: self.name,
            value,
        };
        Ok(items.iter().map(item).collect())
    }

    /// The file and the key, for an error that does not repeat the value.
    pub(super) fn label(&self) -> String {
        let name = self.dotted(self.name);
        format!("`{}`: `{name}`", self.file.display())
    }

    /// A path that is meant from the file's own folder.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    /// A text, which may be empty.
    pub(super) fn any_text(&self, what: &str) -> Result<&'a str> {
        let text = self.value.as_str();
        text.ok_or_else(|| self.wrong(&format!("write {what}, in quotes")))
    }

    pub(super) fn text(&self, what: &str) -> Result<&'a str> {
        match self.value.as_str() {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.wrong(&format!("write {what}, in quotes"))),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool> {
        let value = self.value.as_bool();
        value.ok_or_else(|| self.wrong("write `true` or `false`"))
    }

    pub(super) fn port(&self) -> Result<u16> {
        let number = self
            .value
            .as_integer()
            .and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| self.wrong("a port is a number from 0 to 65535"))
    }

    /// A path, which is meant from the file's own folder.
    pub(super) fn path(&self) -> Result<PathBuf> {
        Ok(self.beside(Path::new(self.text("a path")?)))
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
            self.wrong(&format!("write one of {}", names.join(", ")))
        })
    }

    pub(super) fn isolation(&self) -> Result<Isolation> {
        let isolation = self
            .value
            .as_str()
            .and_then(|text| values::isolation(text).ok());
        isolation.ok_or_else(|| self.wrong("write `\"reuse\"` or `\"fresh\"`"))
    }

    pub(super) fn metrics(&self) -> Result<MetricsAt> {
        match self.value {
            Value::Boolean(true) => Ok(MetricsAt::App),
            Value::Boolean(false) => Ok(MetricsAt::Nowhere),
            Value::String(text) => values::address(text)
                .map(|(host, port)| MetricsAt::Address(host, port))
                .map_err(|why| self.wrong(&why)),
            _ => Err(self.wrong("write `true`, `false` or `\"HOST:PORT\"`")),
        }
    }

    fn secret(&self) -> Result<SecretArg> {
        let usage = "write `\"env:VARIABLE\"` or `\"file:PATH\"`";
        // What stands here may be the secret itself, so it is not repeated.
        let wrong = || anyhow!("{} does not say where the secret is: {usage}", self.label());
        let mut source =
            values::secret_source(self.value.as_str().unwrap_or_default()).map_err(|_| wrong())?;
        if let SecretSource::File(path) = &mut source {
            *path = self.beside(path);
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
        let named = |place: &Self| Ok((place.name.to_owned(), place.route()?));
        members.iter().map(named).collect()
    }

    fn route(&self) -> Result<RouteOverride> {
        let mut said = RouteOverride::default();
        for place in self.members()? {
            // As what holds for all routes.
            let limit = |name| match Limit::find("serve", name) {
                Some(limit) => limit.read(place.value).map_err(|why| place.wrong(&why)),
                None => Err(place.unknown("key", ROUTE.iter().copied())),
            };
            match place.name {
                "instances" => said.instances = Some(place.isolation()?),
                "timeout" => said.timeout = Some(Duration::from_millis(limit("timeout")?)),
                "body_limit" => said.body_limit = Some(limit("body_limit")?),
                _ => return Err(place.unknown("key", ROUTE.iter().copied())),
            }
        }
        Ok(said)
    }
}
