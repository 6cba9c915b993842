//! Parser of `spikard.toml` for `serve` and `inspect --limits`.
//!
//! The parser walks the tables itself instead of deriving serde: an error then names the key
//! with its value, and a misspelled key gets the nearest known one as a suggestion.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Result, anyhow, bail};
use spikard_wasm_app::{Isolation, RouteOverride, one_line};
use toml::Table;

use super::app::AppTable;
use super::entry::TomlEntry;
use super::grants::GrantSettings;
use super::limit_values::{LimitSource, LimitValues};
use super::limits::{Limit, TABLE};
use super::values::{MetricsEndpoint, SecretArg};
use crate::args::{LogFormat, LogLevel};

/// File name in the current folder.
pub(crate) const NAME: &str = "spikard.toml";

/// All top-level tables. Only the command `build` reads the table `build`.
pub(crate) const TABLES: [&str; 7] = [
    "app",
    "build",
    "grants",
    "instances",
    "limits",
    "routes",
    "serve",
];

/// Keys of `[serve]` and `[instances]` that are not limits.
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

/// The parsed file; unset keys are `None` or empty.
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
    pub(crate) metrics: Option<MetricsEndpoint>,
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) log_level: Option<LogLevel>,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) policy: Option<Isolation>,
    pub(crate) grants: GrantSettings,
    pub(crate) limits: LimitValues,
    pub(crate) routes: BTreeMap<String, RouteOverride>,
    /// The `[[app]]` tables.
    pub(crate) apps: Vec<AppTable>,
}

/// Returns the line and the message of an error in TOML, in one line.
pub(crate) fn explain(error: &toml::de::Error, text: &str) -> String {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let before = &text.as_bytes()[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line}: {}", one_line(error.message()))
}

impl File {
    /// Reads the named file, or `spikard.toml` of the current folder if it exists.
    pub(crate) fn find(named: Option<&Path>) -> Result<Option<Self>> {
        let path = named.unwrap_or(Path::new(NAME));
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match named {
                None => Ok(None),
                Some(_) => bail!(
                    "configuration file `{}` not found; check the path, or omit it to use `{NAME}` of the current folder",
                    path.display()
                ),
            },
            Err(error) => bail!("failed to read `{}`: {error}", path.display()),
        }
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self> {
        let table: Table = text.parse().map_err(|error| {
            let reason = explain(&error, text);
            anyhow!("`{}` is not valid TOML: {reason}", path.display())
        })?;
        let mut file = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        for (name, value) in &table {
            let here = TomlEntry::new(path, name, value);
            match name.as_str() {
                "build" => {}
                "grants" => file.grants = GrantSettings::read(&here)?,
                "serve" => file.read_serve(&here)?,
                "instances" => file.read_instances(&here)?,
                "limits" => {
                    for entry in here.members()? {
                        file.read_limit("limits", &[], &entry)?;
                    }
                }
                "routes" => file.routes = here.routes()?,
                "app" => {
                    for entry in here.array_of_tables()? {
                        file.apps.push(AppTable::read(&entry)?);
                    }
                }
                _ => return Err(here.unknown("table", TABLES.iter().copied())),
            }
        }
        file.check_apps()?;
        Ok(file)
    }

    /// Checks that app names are unique, and that no single-app setting stands beside
    /// `[[app]]`.
    fn check_apps(&self) -> Result<()> {
        let path = self.path.display();
        let mut names: Vec<&str> = self.apps.iter().map(|app| app.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!(
                "`{path}`: two apps have the name `{}`; rename one of them",
                twice[0]
            );
        }
        let single_app = [
            (
                "serve.app",
                self.app.is_some(),
                "`component` of an `[[app]]`",
            ),
            (
                "serve.static_root",
                self.static_root.is_some(),
                "`static_root` of an `[[app]]`",
            ),
            (
                "grants",
                self.grants != GrantSettings::default(),
                "`[app.grants]` of an `[[app]]`",
            ),
            (
                "routes",
                !self.routes.is_empty(),
                "`[app.routes.\"NAME\"]` of an `[[app]]`",
            ),
        ];
        match single_app.iter().find(|(_, is_set, _)| *is_set) {
            Some((key, _, instead)) if !self.apps.is_empty() => bail!(
                "`{path}`: `{key}` applies to a single app only, but the file declares `[[app]]`; set {instead} instead"
            ),
            _ => Ok(()),
        }
    }

    fn read_serve(&mut self, here: &TomlEntry<'_>) -> Result<()> {
        for entry in here.members()? {
            match entry.name {
                "app" => self.app = Some(entry.path()?),
                "host" => self.host = Some(entry.text("an address or a host name")?.to_owned()),
                "port" => self.port = Some(entry.port()?),
                "static_root" => self.static_root = Some(entry.path()?),
                "cache_dir" => self.cache_dir = Some(entry.path()?),
                "openapi" => self.openapi = Some(entry.boolean()?),
                "dev" => self.dev = Some(entry.boolean()?),
                "metrics" => self.metrics = Some(entry.metrics()?),
                "log_format" => self.log_format = Some(entry.choice()?),
                "log_level" => self.log_level = Some(entry.choice()?),
                "secrets" => self.secrets = entry.secrets()?,
                _ => self.read_limit("serve", &SERVE, &entry)?,
            }
        }
        Ok(())
    }

    fn read_instances(&mut self, here: &TomlEntry<'_>) -> Result<()> {
        for entry in here.members()? {
            match entry.name {
                "policy" => self.policy = Some(entry.isolation()?),
                _ => self.read_limit("instances", &INSTANCES, &entry)?,
            }
        }
        Ok(())
    }

    fn read_limit(&mut self, table: &str, others: &[&str], entry: &TomlEntry<'_>) -> Result<()> {
        let Some(limit) = Limit::find(table, entry.name) else {
            let limits = TABLE.iter().filter(|limit| limit.table == table);
            let known = limits.map(|limit| limit.name).chain(others.iter().copied());
            return Err(entry.unknown("key", known));
        };
        let value = limit.read(entry.value).map_err(|why| entry.invalid(&why))?;
        self.limits.set(limit.key, value, LimitSource::File);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
