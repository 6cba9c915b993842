//! What an app is granted: `[grants]` of `spikard.toml`, and the flags of the same.

mod read;
pub(crate) mod table;
mod values;

use std::collections::BTreeMap;
use std::env;

use anyhow::{Result, anyhow, bail};
use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::{Directory, OutgoingRules, Store};

pub(crate) use self::values::{GrantArgs, Place as StorePlace, Variable};

/// What somebody says of grants; what is not said is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GrantsSaid {
    pub(crate) environment: BTreeMap<String, Variable>,
    pub(crate) directories: Vec<Directory>,
    pub(crate) stdio: Option<bool>,
    pub(crate) clocks: Option<bool>,
    pub(crate) random: Option<bool>,
    pub(crate) logging: Option<bool>,
    pub(crate) config: Option<BTreeMap<String, String>>,
    pub(crate) keyvalue: BTreeMap<String, StorePlace>,
    pub(crate) outgoing: OutgoingRules,
}

impl GrantsSaid {
    /// What is said here, and what is not from `other`. What has a name goes where the
    /// other has one of the same name; to whom requests may be sent adds up.
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
        for (name, place) in other.keyvalue {
            self.keyvalue.entry(name).or_insert(place);
        }
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

    /// What is granted; reads what is to come from the host's own environment.
    pub(crate) fn resolve(self) -> Result<Grants> {
        let granted = Grants::default();
        let environment = self.environment.into_iter().map(|(name, variable)| {
            let value = match variable {
                Variable::Is(value) => value,
                Variable::Inherited => inherited(&name).map_err(|why| {
                    anyhow!("the app is to have the variable `{name}` of the host's environment, {why}: set it, or grant none of that name")
                })?,
            };
            Ok((name, value))
        });
        let environment = environment.collect::<Result<_>>()?;
        let keyvalue = self.keyvalue.into_iter().map(|(name, place)| {
            let store = match place {
                StorePlace::Is(store) => store,
                StorePlace::Variable(variable) => of_variable(&name, &variable)?,
            };
            Ok((name, store))
        });
        Ok(Grants {
            environment,
            directories: self.directories,
            stdio: self.stdio.unwrap_or(granted.stdio),
            clocks: self.clocks.unwrap_or(granted.clocks),
            random: self.random.unwrap_or(granted.random),
            logging: self.logging.unwrap_or(granted.logging),
            config: self.config,
            keyvalue: keyvalue.collect::<Result<_>>()?,
            outgoing: self.outgoing,
        })
    }
}

fn inherited(name: &str) -> Result<String, &'static str> {
    match env::var(name) {
        Ok(value) => Ok(value),
        Err(env::VarError::NotPresent) => Err("which is not set"),
        Err(env::VarError::NotUnicode(_)) => Err("which is not UTF-8"),
    }
}

/// The place of a store that a variable of the host's environment holds.
fn of_variable(name: &str, variable: &str) -> Result<Store> {
    let place = match inherited(variable) {
        Ok(place) => place,
        Err(why) => bail!(
            "where the store `{name}` is, is to be in the environment variable `{variable}`, {why}"
        ),
    };
    Store::parse(&place).map_err(|why| {
        anyhow!(
            "the environment variable `{variable}` does not say where the store `{name}` is: {why}"
        )
    })
}

#[cfg(test)]
mod tests;
