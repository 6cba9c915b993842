//! Grants from flags and `spikard.toml`: merging and resolving.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::env;

use anyhow::{Result, anyhow, bail};
use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::{Database, Directory, OutgoingRules, Store};
use spikard_wasm_services::sql::Location;

use super::values::{DatabaseLocation, DatabaseSource, StoreLocation, Variable};
use crate::config::values::{SecretArg, first_of_each_name};

/// Grants of one source; unset grants are `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GrantSettings {
    pub(crate) environment: BTreeMap<String, Variable>,
    pub(crate) directories: Vec<Directory>,
    pub(crate) stdio: Option<bool>,
    pub(crate) clocks: Option<bool>,
    pub(crate) random: Option<bool>,
    pub(crate) logging: Option<bool>,
    pub(crate) config: Option<BTreeMap<String, String>>,
    pub(crate) keyvalue: BTreeMap<String, StoreLocation>,
    pub(crate) sql: BTreeMap<String, DatabaseSource>,
    pub(crate) secrets: Vec<SecretArg>,
    pub(crate) outgoing: OutgoingRules,
}

impl GrantSettings {
    /// Merges two sources. Values of `self` override those of `other` by name; allowed
    /// origins add up.
    pub(crate) fn or(mut self, other: Self) -> Self {
        for (name, variable) in other.environment {
            self.environment.entry(name).or_insert(variable);
        }
        let guests: Vec<String> = self.directories.iter().map(|it| it.guest.clone()).collect();
        let more = other.directories.into_iter();
        self.directories
            .extend(more.filter(|it| !guests.contains(&it.guest)));
        self.config = match (self.config, other.config) {
            (Some(mine), Some(mut all)) => {
                all.extend(mine);
                Some(all)
            }
            (mine, theirs) => mine.or(theirs),
        };
        for (name, location) in other.keyvalue {
            self.keyvalue.entry(name).or_insert(location);
        }
        for (name, database) in other.sql {
            match self.sql.entry(name) {
                Entry::Vacant(entry) => drop(entry.insert(database)),
                // A flag has no migrations.
                Entry::Occupied(mut entry) if entry.get().migrations.is_none() => {
                    entry.get_mut().migrations = database.migrations;
                }
                Entry::Occupied(_) => {}
            }
        }
        self.secrets = first_of_each_name(&[&self.secrets, &other.secrets]);
        let mut outgoing = other.outgoing;
        outgoing.allow.extend(self.outgoing.allow);
        Self {
            stdio: self.stdio.or(other.stdio),
            clocks: self.clocks.or(other.clocks),
            random: self.random.or(other.random),
            logging: self.logging.or(other.logging),
            outgoing,
            ..self
        }
    }

    /// Resolves variables of the host's environment, reads secrets and applies the defaults.
    pub(crate) fn resolve(self) -> Result<Grants> {
        let defaults = Grants::default();
        let environment = self.environment.into_iter().map(|(name, variable)| {
            let value = match variable {
                Variable::Value(value) => value,
                Variable::Inherited => host_variable(&name).map_err(|why| {
                    anyhow!("the grant passes the host's environment variable `{name}` to the app, but it {why}; set it, or remove the grant")
                })?,
            };
            Ok((name, value))
        });
        let environment = environment.collect::<Result<_>>()?;
        let keyvalue = self.keyvalue.into_iter().map(|(name, location)| {
            let store = match location {
                StoreLocation::Store(store) => store,
                StoreLocation::Variable(variable) => store_from_variable(&name, &variable)?,
            };
            Ok((name, store))
        });
        Ok(Grants {
            environment,
            directories: self.directories,
            stdio: self.stdio.unwrap_or(defaults.stdio),
            clocks: self.clocks.unwrap_or(defaults.clocks),
            random: self.random.unwrap_or(defaults.random),
            logging: self.logging.unwrap_or(defaults.logging),
            config: self.config,
            keyvalue: keyvalue.collect::<Result<_>>()?,
            sql: databases(self.sql)?,
            secrets: crate::secrets::read_granted(&self.secrets)?,
            outgoing: self.outgoing,
        })
    }
}

fn host_variable(name: &str) -> Result<String, &'static str> {
    match env::var(name) {
        Ok(value) => Ok(value),
        Err(env::VarError::NotPresent) => Err("is not set"),
        Err(env::VarError::NotUnicode(_)) => Err("is not valid UTF-8"),
    }
}

/// Reads a store's location from a variable of the host's environment.
fn store_from_variable(name: &str, variable: &str) -> Result<Store> {
    let location = match host_variable(variable) {
        Ok(location) => location,
        Err(why) => bail!(
            "the location of store `{name}` comes from the environment variable `{variable}`, which {why}; set it"
        ),
    };
    Store::parse(&location).map_err(|why| {
        anyhow!(
            "the environment variable `{variable}` holds no valid location of store `{name}`; {why}"
        )
    })
}

/// Resolves the databases.
pub(crate) fn databases(
    sources: BTreeMap<String, DatabaseSource>,
) -> Result<BTreeMap<String, Database>> {
    let resolve = |(name, source): (String, DatabaseSource)| {
        let (location, folder) = match source.location {
            DatabaseLocation::Text(location) => (location, source.folder),
            // The path in a variable refers to the current folder, as that of a flag.
            DatabaseLocation::Variable(variable) => (
                database_from_variable(&name, &variable)?,
                Default::default(),
            ),
        };
        let database = Database::new(location, folder).with_migrations(source.migrations);
        Ok((name, database))
    };
    sources.into_iter().map(resolve).collect()
}

/// Reads a database's location from a variable of the host's environment.
fn database_from_variable(name: &str, variable: &str) -> Result<String> {
    let location = match host_variable(variable) {
        Ok(location) => location,
        Err(why) => bail!(
            "the location of database `{name}` comes from the environment variable `{variable}`, which {why}; set it"
        ),
    };
    match Location::parse(&location) {
        Ok(_) => Ok(location),
        Err(why) => bail!(
            "the environment variable `{variable}` holds no valid location of database `{name}`; {why}"
        ),
    }
}
