//! Parser of `[grants]` and `[app.grants]` in `spikard.toml`.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use spikard_wasm_app::grants::{
    Directory, Network, OutgoingPattern, Store, check_guest_path, check_variable,
};
use toml::Value;

use super::settings::GrantSettings;
use super::table;
use super::values::{DatabaseSource, StoreLocation, Variable};
use crate::config::entry::TomlEntry;
use crate::config::units;

/// Largest accepted `outgoing.max_requests`.
const REQUESTS_MAX: u32 = 1_000_000;

impl GrantSettings {
    /// Parses a table of grants.
    pub(in crate::config) fn read(here: &TomlEntry<'_>) -> Result<Self> {
        let mut grants = Self::default();
        let mut inherit = Vec::new();
        for entry in here.members()? {
            match entry.name {
                "environment" => {
                    for entry in entry.members()? {
                        check_variable(entry.name).map_err(|why| entry.invalid(&why))?;
                        let value =
                            Variable::Value(entry.text_or_empty("a variable's value")?.to_owned());
                        grants.environment.insert(entry.name.to_owned(), value);
                    }
                }
                "inherit" => inherit = entry.items()?,
                "directories" => grants.directories = directories(&entry)?,
                "stdio" => grants.stdio = Some(entry.boolean()?),
                "clocks" => grants.clocks = Some(entry.boolean()?),
                "random" => grants.random = Some(entry.boolean()?),
                "logging" => grants.logging = Some(entry.boolean()?),
                "config" => {
                    let mut config = BTreeMap::new();
                    for entry in entry.members()? {
                        let value = entry.text_or_empty("a setting's value")?;
                        config.insert(entry.name.to_owned(), value.to_owned());
                    }
                    grants.config = Some(config);
                }
                "keyvalue" => {
                    for entry in entry.members()? {
                        grants
                            .keyvalue
                            .insert(entry.name.to_owned(), store(&entry)?);
                    }
                }
                "sql" => {
                    for entry in entry.members()? {
                        grants.sql.insert(entry.name.to_owned(), database(&entry)?);
                    }
                }
                "secrets" => grants.secrets = entry.secrets()?,
                "outgoing" => grants.read_outgoing(&entry)?,
                _ => return Err(entry.unknown("key", table::names(""))),
            }
        }
        for entry in inherit {
            let name = entry.text("a variable's name")?;
            check_variable(name).map_err(|why| entry.invalid(&why))?;
            let previous = grants
                .environment
                .insert(name.to_owned(), Variable::Inherited);
            if previous.is_some() {
                return Err(entry.invalid(
                    "`environment` or `inherit` already grants this variable; remove one of them",
                ));
            }
        }
        Ok(grants)
    }

    fn read_outgoing(&mut self, here: &TomlEntry<'_>) -> Result<()> {
        let rules = &mut self.outgoing;
        for entry in here.members()? {
            let why = |why: String| entry.invalid(&why);
            match entry.name {
                "allow" => {
                    for entry in entry.items()? {
                        let text = entry.text("an origin, such as `https://api.example.com`")?;
                        let pattern =
                            OutgoingPattern::parse(text).map_err(|why| entry.invalid(&why))?;
                        rules.allow.push(pattern);
                    }
                }
                "networks" => {
                    for entry in entry.items()? {
                        let text = entry.text("a network, such as `10.0.0.0/8`")?;
                        let network = Network::parse(text).map_err(|why| entry.invalid(&why))?;
                        rules.networks.push(network);
                    }
                }
                "timeout" => {
                    let time = match entry.value {
                        Value::String(text) => units::duration(text),
                        Value::Integer(seconds) => units::seconds(*seconds as f64),
                        Value::Float(seconds) => units::seconds(*seconds),
                        _ => Err("use a duration, such as `\"30s\"`".to_owned()),
                    };
                    rules.timeout = std::time::Duration::from_millis(time.map_err(why)?);
                }
                "max_response" => {
                    let size = match entry.value {
                        Value::String(text) => units::size(text),
                        Value::Integer(bytes) => {
                            u64::try_from(*bytes).map_err(|_| "use a size of at least 0".to_owned())
                        }
                        _ => Err("use a size, such as `\"64MiB\"`".to_owned()),
                    };
                    rules.max_response = size.map_err(why)?;
                }
                "max_requests" => {
                    let number = entry.value.as_integer();
                    let number = number.and_then(|number| u32::try_from(number).ok());
                    let number = number.filter(|number| (1..=REQUESTS_MAX).contains(number));
                    rules.max_requests = number.ok_or_else(|| {
                        entry.invalid(&format!("use a whole number from 1 to {REQUESTS_MAX}"))
                    })?;
                }
                _ => return Err(entry.unknown("key", table::names("outgoing"))),
            }
        }
        Ok(())
    }
}

fn directories(here: &TomlEntry<'_>) -> Result<Vec<Directory>> {
    let mut all: Vec<Directory> = Vec::new();
    for item in here.items()? {
        let (mut host, mut guest, mut write) = (None, None, false);
        let members = match item.value {
            Value::Table(_) => item.members()?,
            _ => {
                return Err(
                    item.invalid("use a table, such as `{ host = \"data\", guest = \"/data\" }`")
                );
            }
        };
        for entry in members {
            match entry.name {
                "host" => {
                    guest.get_or_insert(entry.text("a path")?);
                    host = Some(entry.path()?);
                }
                "guest" => {
                    let path = entry.text("a path")?;
                    check_guest_path(path).map_err(|why| entry.invalid(&why))?;
                    guest = Some(path);
                }
                "write" => write = entry.boolean()?,
                _ => return Err(entry.unknown("key", ["guest", "host", "write"].into_iter())),
            }
        }
        let (Some(host), Some(guest)) = (host, guest) else {
            return Err(item.invalid("add `host`, the path of the folder to mount"));
        };
        check_guest_path(guest).map_err(|why| item.invalid(&why))?;
        if all.iter().any(|other| other.guest == guest) {
            return Err(item.invalid("another folder is mounted at the same path; change `guest`"));
        }
        all.push(Directory {
            host,
            guest: guest.to_owned(),
            write,
        });
    }
    Ok(all)
}

/// Parses a store's location. Errors do not repeat it, because it may hold a password.
fn store(entry: &TomlEntry<'_>) -> Result<StoreLocation> {
    let invalid = |why: String| anyhow!("{} has an invalid store location; {why}", entry.label());
    let text = entry.value.as_str().unwrap_or_default();
    let store = StoreLocation::parse(text).map_err(invalid)?;
    Ok(match store {
        StoreLocation::Store(Store::File(path)) => {
            StoreLocation::Store(Store::File(entry.resolve_path(&path)))
        }
        other => other,
    })
}

/// Parses a database: its location, or a table with its location and more.
fn database(here: &TomlEntry<'_>) -> Result<DatabaseSource> {
    let Value::Table(_) = here.value else {
        return location(here);
    };
    let (mut database, mut migrations) = (None, None);
    for entry in here.members()? {
        match entry.name {
            "url" => database = Some(location(&entry)?),
            "migrations" => migrations = Some(entry.path()?),
            _ => return Err(entry.unknown("key", ["migrations", "url"].into_iter())),
        }
    }
    let missing = || {
        anyhow!(
            "{} has no `url`; add the location of the database",
            here.label()
        )
    };
    let database = database.ok_or_else(missing)?;
    Ok(DatabaseSource {
        migrations,
        ..database
    })
}

/// Parses a database's location. Errors do not repeat it, because it may hold a password.
fn location(entry: &TomlEntry<'_>) -> Result<DatabaseSource> {
    let invalid = |why: String| anyhow!("{} is invalid; {why}", entry.label());
    let text = entry.value.as_str().unwrap_or_default();
    let database = DatabaseSource::parse(text).map_err(invalid)?;
    Ok(DatabaseSource {
        folder: entry.resolve_path("".as_ref()),
        ..database
    })
}
