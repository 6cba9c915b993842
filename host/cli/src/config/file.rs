//! `spikard.toml`, as far as serving reads it.
//!
//! The tables are walked by hand, not by serde: what is wrong is then said of a key
//! with its value, and a misspelt key gets the one it was meant to be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use anyhow::{Result, anyhow, bail};
use clap::ValueEnum;
use spikard_wasm_app::{Isolation, RouteOverride, nearest, one_line};
use toml::{Table, Value};

use super::limits::{Limit, Said, Source, TABLE};
use super::values::{self, MetricsAt, SecretArg, SecretSource};
use crate::args::{LogFormat, LogLevel};

/// Its name in the current folder.
pub(crate) const NAME: &str = "spikard.toml";

/// Its tables. `build` is for the command of that name.
pub(crate) const TABLES: [&str; 5] = ["build", "instances", "limits", "routes", "serve"];

/// The keys that are no limits, by their tables.
const SERVE: [&str; 11] = [
    "app",
    "cache_dir",
    "dev",
    "host",
    "log_format",
    "log_level",
    "metrics",
    "openapi",
    "port",
    "secrets",
    "static_root",
];
const INSTANCES: [&str; 1] = ["policy"];
const ROUTE: [&str; 3] = ["body_limit", "instances", "timeout"];

/// What the file says; what it does not is `None`.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) app: Option<PathBuf>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) static_root: Option<PathBuf>,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) openapi: Option<bool>,
    pub(crate) dev: Option<bool>,
    pub(crate) metrics: Option<MetricsAt>,
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) log_level: Option<LogLevel>,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) policy: Option<Isolation>,
    pub(crate) limits: Said,
    pub(crate) routes: BTreeMap<String, RouteOverride>,
}

impl File {
    /// Reads the file that `--config` names, or that of the current folder, if there
    /// is one.
    pub(crate) fn find(named: Option<&Path>) -> Result<Option<Self>> {
        let path = named.unwrap_or(Path::new(NAME));
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match named {
                None => Ok(None),
                Some(_) => bail!(
                    "no such file: `{}`, which `--config` names; without it `{NAME}` of the current folder is read, if it is there",
                    path.display()
                ),
            },
            Err(error) => bail!("`{}` cannot be read: {error}", path.display()),
        }
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let before = &text.as_bytes()[..at];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            anyhow!(
                "`{}` is not TOML: line {line}: {}",
                path.display(),
                one_line(error.message())
            )
        })?;
        let mut file = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        for (name, value) in &table {
            let here = Place::new(path, name, value);
            match name.as_str() {
                "build" => {}
                "serve" => file.read_serve(&here)?,
                "instances" => file.read_instances(&here)?,
                "limits" => {
                    for place in here.members()? {
                        file.read_limit("limits", &[], &place)?;
                    }
                }
                "routes" => {
                    for place in here.members()? {
                        let said = place.route()?;
                        file.routes.insert(place.name.to_owned(), said);
                    }
                }
                _ => return Err(here.unknown("table", TABLES.iter().copied())),
            }
        }
        Ok(file)
    }

    fn read_serve(&mut self, here: &Place<'_>) -> Result<()> {
        for place in here.members()? {
            match place.name {
                "app" => self.app = Some(place.path()?),
                "host" => self.host = Some(place.text("an address or a host's name")?.to_owned()),
                "port" => self.port = Some(place.port()?),
                "static_root" => self.static_root = Some(place.path()?),
                "cache_dir" => self.cache_dir = Some(place.path()?),
                "openapi" => self.openapi = Some(place.boolean()?),
                "dev" => self.dev = Some(place.boolean()?),
                "metrics" => self.metrics = Some(place.metrics()?),
                "log_format" => self.log_format = Some(place.choice()?),
                "log_level" => self.log_level = Some(place.choice()?),
                "secrets" => {
                    for place in place.members()? {
                        self.secrets.push(place.secret()?);
                    }
                }
                _ => self.read_limit("serve", &SERVE, &place)?,
            }
        }
        Ok(())
    }

    fn read_instances(&mut self, here: &Place<'_>) -> Result<()> {
        for place in here.members()? {
            match place.name {
                "policy" => self.policy = Some(place.isolation()?),
                _ => self.read_limit("instances", &INSTANCES, &place)?,
            }
        }
        Ok(())
    }

    fn read_limit(&mut self, table: &str, others: &[&str], place: &Place<'_>) -> Result<()> {
        let Some(limit) = Limit::find(table, place.name) else {
            let limits = TABLE.iter().filter(|limit| limit.table == table);
            let known = limits.map(|limit| limit.name).chain(others.iter().copied());
            return Err(place.unknown("key", known));
        };
        let value = limit.read(place.value).map_err(|why| place.wrong(&why))?;
        self.limits.set(limit.key, value, Source::File);
        Ok(())
    }
}

/// A key with its value.
struct Place<'a> {
    file: &'a Path,
    /// The tables that it is in.
    tables: Vec<&'a str>,
    name: &'a str,
    value: &'a Value,
}

impl<'a> Place<'a> {
    fn new(file: &'a Path, name: &'a str, value: &'a Value) -> Self {
        Self {
            file,
            tables: Vec::new(),
            name,
            value,
        }
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
        words.collect::<Vec<_>>().join(".")
    }

    fn wrong(&self, why: &str) -> anyhow::Error {
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

    fn unknown<'k>(&self, kind: &str, known: impl Iterator<Item = &'k str>) -> anyhow::Error {
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

    fn members(&self) -> Result<Vec<Place<'a>>> {
        let Value::Table(table) = self.value else {
            let why = format!("it is a table, so write `[{}]`", self.dotted(self.name));
            return Err(self.wrong(&why));
        };
        let mut tables = self.tables.clone();
        tables.push(self.name);
        let place = |(name, value): (&'a String, &'a Value)| Place {
            file: self.file,
            tables: tables.clone(),
            name,
            value,
        };
        Ok(table.iter().map(place).collect())
    }

    fn text(&self, what: &str) -> Result<&'a str> {
        match self.value.as_str() {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.wrong(&format!("write {what}, in quotes"))),
        }
    }

    fn boolean(&self) -> Result<bool> {
        let value = self.value.as_bool();
        value.ok_or_else(|| self.wrong("write `true` or `false`"))
    }

    fn port(&self) -> Result<u16> {
        let number = self
            .value
            .as_integer()
            .and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| self.wrong("a port is a number from 0 to 65535"))
    }

    /// A path, which is meant from the file's own folder.
    fn path(&self) -> Result<PathBuf> {
        let text = self.text("a path")?;
        Ok(self.file.parent().unwrap_or(Path::new("")).join(text))
    }

    fn choice<T: ValueEnum>(&self) -> Result<T> {
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

    fn isolation(&self) -> Result<Isolation> {
        let isolation = self
            .value
            .as_str()
            .and_then(|text| values::isolation(text).ok());
        isolation.ok_or_else(|| self.wrong("write `\"reuse\"` or `\"fresh\"`"))
    }

    fn metrics(&self) -> Result<MetricsAt> {
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
        let wrong = || {
            let name = self.dotted(self.name);
            anyhow!(
                "`{}`: `{name}` does not say where the secret is: {usage}",
                self.file.display()
            )
        };
        let mut source =
            values::secret_source(self.value.as_str().unwrap_or_default()).map_err(|_| wrong())?;
        if let SecretSource::File(path) = &mut source {
            *path = self.file.parent().unwrap_or(Path::new("")).join(&*path);
        }
        Ok(SecretArg {
            name: self.name.to_owned(),
            source,
        })
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

#[cfg(test)]
mod tests;
