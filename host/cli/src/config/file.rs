//! `spikard.toml`, as far as serving reads it.
//!
//! The tables are walked by hand, not by serde: what is wrong is then said of a key
//! with its value, and a misspelt key gets the one it was meant to be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Result, anyhow, bail};
use spikard_wasm_app::{Isolation, RouteOverride, one_line};
use toml::Table;

use super::app::AppTable;
use super::grants::GrantsSaid;
use super::limits::{Limit, TABLE};
use super::place::Place;
use super::said::{Said, Source};
use super::values::{MetricsAt, SecretArg};
use crate::args::{LogFormat, LogLevel};

/// Its name in the current folder.
pub(crate) const NAME: &str = "spikard.toml";

/// Its tables. `build` is for the command of that name.
pub(crate) const TABLES: [&str; 7] = [
    "app",
    "build",
    "grants",
    "instances",
    "limits",
    "routes",
    "serve",
];

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
    pub(crate) grants: GrantsSaid,
    pub(crate) limits: Said,
    pub(crate) routes: BTreeMap<String, RouteOverride>,
    /// The apps, where there are several.
    pub(crate) apps: Vec<AppTable>,
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
                "grants" => file.grants = GrantsSaid::read(&here)?,
                "serve" => file.read_serve(&here)?,
                "instances" => file.read_instances(&here)?,
                "limits" => {
                    for place in here.members()? {
                        file.read_limit("limits", &[], &place)?;
                    }
                }
                "routes" => file.routes = here.routes()?,
                "app" => {
                    for place in here.each()? {
                        file.apps.push(AppTable::read(&place)?);
                    }
                }
                _ => return Err(here.unknown("table", TABLES.iter().copied())),
            }
        }
        file.check_apps()?;
        Ok(file)
    }

    /// Checks that several apps can be told from one another, and that nothing is said of
    /// the one app that there would be without them.
    fn check_apps(&self) -> Result<()> {
        let path = self.path.display();
        let mut names: Vec<&str> = self.apps.iter().map(|app| app.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!(
                "`{path}`: two apps have the name `{}`: change one of them",
                twice[0]
            );
        }
        let of_one = [
            (
                "serve.app",
                self.app.is_some(),
                "`component` of each `[[app]]`",
            ),
            (
                "serve.static_root",
                self.static_root.is_some(),
                "`static_root` of an `[[app]]`",
            ),
            (
                "grants",
                self.grants != GrantsSaid::default(),
                "`[app.grants]` after an `[[app]]`",
            ),
            (
                "routes",
                !self.routes.is_empty(),
                "`[app.routes.\"NAME\"]` after an `[[app]]`",
            ),
        ];
        match of_one.iter().find(|(_, is_said, _)| *is_said) {
            Some((key, _, instead)) if !self.apps.is_empty() => bail!(
                "`{path}`: `{key}` is for a host of one app, and this file has `[[app]]`: write {instead} instead"
            ),
            _ => Ok(()),
        }
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
                "secrets" => self.secrets = place.secrets()?,
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

#[cfg(test)]
mod tests;
