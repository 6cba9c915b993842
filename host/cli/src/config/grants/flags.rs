//! Grant flags of `serve`.

use clap::Args;
use spikard_wasm_app::grants::{Directory, OutgoingPattern, OutgoingRules, check_variable};

use super::settings::GrantSettings;
use super::values::{DatabaseSource, StoreLocation, Variable};
use crate::config::values::{SecretArg, secret};

/// Grant flags; docs/capabilities.md describes each grant.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Grants (in addition to `[grants]` of spikard.toml)")]
pub(crate) struct GrantArgs {
    /// Set an environment variable for the app, or pass the host's own through by name;
    /// repeatable
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = variable)]
    env: Vec<(String, Variable)>,
    /// Mount a host folder into the app, by default at the same path; `:ro` makes it
    /// read-only; repeatable
    #[arg(long, value_name = "HOST[:GUEST][:ro]", value_parser = Directory::parse)]
    dir: Vec<Directory>,
    /// Origin the app may send requests to, such as `https://*.example.com` or `app://NAME`;
    /// repeatable
    #[arg(long, value_name = "PATTERN", value_parser = OutgoingPattern::parse)]
    allow_outgoing: Vec<OutgoingPattern>,
    /// Set a value that the app reads through `wasi:config`; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    config_value: Vec<Pair>,
    /// Open a key-value store for the app: LOCATION is a file, `redis://HOST:PORT/DATABASE`,
    /// or `env:VARIABLE` for a variable that holds either; repeatable
    #[arg(long, value_name = "NAME=LOCATION", value_parser = store)]
    keyvalue: Vec<(String, StoreLocation)>,
    /// Open a SQL database for the app: LOCATION is `sqlite:PATH`, `sqlite::memory:`,
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, or `env:VARIABLE` for a variable that holds
    /// one of these; repeatable
    #[arg(long, value_name = "NAME=LOCATION", value_parser = database)]
    sql: Vec<(String, DatabaseSource)>,
    /// Let the app read a secret: `NAME=env:VARIABLE` or `NAME=file:PATH`; repeatable
    #[arg(long, value_name = "NAME=SOURCE", value_parser = secret)]
    grant_secret: Vec<SecretArg>,
}

impl GrantArgs {
    /// The grants of the flags.
    pub(crate) fn settings(self) -> GrantSettings {
        let config = self.config_value.into_iter().map(|it| (it.name, it.value));
        let config: std::collections::BTreeMap<_, _> = config.collect();
        GrantSettings {
            environment: self.env.into_iter().collect(),
            directories: self.dir,
            config: (!config.is_empty()).then_some(config),
            keyvalue: self.keyvalue.into_iter().collect(),
            sql: self.sql.into_iter().collect(),
            secrets: self.grant_secret,
            outgoing: OutgoingRules {
                allow: self.allow_outgoing,
                ..OutgoingRules::default()
            },
            ..GrantSettings::default()
        }
    }
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    name: String,
    value: String,
}

fn pair(text: &str) -> Result<Pair, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Pair {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("use the form `NAME=VALUE`".to_owned()),
    }
}

fn variable(text: &str) -> Result<(String, Variable), String> {
    let (name, variable) = match text.split_once('=') {
        Some((name, value)) => (name, Variable::Value(value.to_owned())),
        None => (text, Variable::Inherited),
    };
    check_variable(name)?;
    if text.contains('\0') {
        return Err("remove the NUL character from the value".to_owned());
    }
    Ok((name.to_owned(), variable))
}

fn store(text: &str) -> Result<(String, StoreLocation), String> {
    let Pair { name, value } = pair(text).map_err(|_| {
        "use the form `NAME=LOCATION`, such as `default=kv.redb`, where NAME is the name by which the app opens the store"
            .to_owned()
    })?;
    Ok((name, StoreLocation::parse(&value)?))
}

fn database(text: &str) -> Result<(String, DatabaseSource), String> {
    let Pair { name, value } = pair(text).map_err(|_| {
        "use the form `NAME=LOCATION`, such as `main=sqlite:data/app.db`, where NAME is the name by which the app refers to the database"
            .to_owned()
    })?;
    Ok((name, DatabaseSource::parse(&value)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use spikard_wasm_app::grants::Store;

    #[test]
    fn flags() {
        let is = |value: &str| Variable::Value(value.to_owned());
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), is("b=c"))));
        assert_eq!(variable("A="), Ok(("A".to_owned(), is(""))));
        assert_eq!(variable("A"), Ok(("A".to_owned(), Variable::Inherited)));
        assert!(variable("").is_err() && variable("=b").is_err());
        assert!(pair("=b").is_err() && pair("a").is_err());
        let location = StoreLocation::Store(Store::File("kv.redb".into()));
        assert_eq!(
            store("default=kv.redb"),
            Ok(("default".to_owned(), location))
        );
        let location = StoreLocation::Variable("REDIS_URL".to_owned());
        assert_eq!(store("a=env:REDIS_URL"), Ok(("a".to_owned(), location)));
        let (name, source) = database("main=sqlite:a=b.db").unwrap();
        assert_eq!(name, "main");
        assert_eq!(source, DatabaseSource::parse("sqlite:a=b.db").unwrap());
        for bad in ["app.db", "=sqlite:app.db", "a=", "a=env:", "a=app.db"] {
            assert!(database(bad).is_err(), "{bad}");
        }
        for bad in ["kv.redb", "=kv.redb", "a=", "a=env:", "a=ftp://x"] {
            assert!(store(bad).is_err(), "{bad}");
        }
    }
}
