//! The flags of grants, and the values that they share with `spikard.toml`.

use clap::Args;
use spikard_wasm_app::grants::{Directory, OutgoingPattern, OutgoingRules, Store, check_variable};

use super::GrantsSaid;

/// What the app may use of the world outside; docs/capabilities.md
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Grants (beside `[grants]` of spikard.toml)")]
pub(crate) struct GrantArgs {
    /// A variable of the app's environment: `NAME=VALUE`, or `NAME` for the host's own;
    /// may be repeated
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = variable)]
    env: Vec<(String, Variable)>,
    /// A folder that is there for the app, with `:ro` only to read; may be repeated
    #[arg(long, value_name = "HOST[:GUEST][:ro]", value_parser = Directory::parse)]
    dir: Vec<Directory>,
    /// Whom the app may send requests to: an origin, such as `https://*.example.com`, or
    /// `app://NAME`; may be repeated
    #[arg(long, value_name = "PATTERN", value_parser = OutgoingPattern::parse)]
    allow_outgoing: Vec<OutgoingPattern>,
    /// A setting of the app, which it reads by `wasi:config`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    config_value: Vec<Pair>,
    /// A store of keys and values, and where it is: a file, `redis://HOST:PORT/DATABASE`,
    /// or `env:VARIABLE` that holds one of them; may be repeated
    #[arg(long, value_name = "NAME=PLACE", value_parser = store)]
    keyvalue: Vec<(String, Place)>,
}

impl GrantArgs {
    /// What the flags say.
    pub(crate) fn said(self) -> GrantsSaid {
        let config = self.config_value.into_iter().map(|it| (it.name, it.value));
        let config: std::collections::BTreeMap<_, _> = config.collect();
        GrantsSaid {
            environment: self.env.into_iter().collect(),
            directories: self.dir,
            config: (!config.is_empty()).then_some(config),
            keyvalue: self.keyvalue.into_iter().collect(),
            outgoing: OutgoingRules {
                allow: self.allow_outgoing,
                ..OutgoingRules::default()
            },
            ..GrantsSaid::default()
        }
    }
}

/// What a variable of an app's environment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    /// This.
    Is(String),
    /// What the host's own holds.
    Inherited,
}

/// Where a store is, or which variable of the host's environment says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Is(Store),
    Variable(String),
}

impl Place {
    /// Reads a place; an error does not repeat it, as it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("env:") {
            Some(variable) => {
                check_variable(variable).map(|()| Self::Variable(variable.to_owned()))
            }
            None => Store::parse(text).map(Self::Is),
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
        _ => Err("write `NAME=VALUE`".to_owned()),
    }
}

fn variable(text: &str) -> Result<(String, Variable), String> {
    let (name, variable) = match text.split_once('=') {
        Some((name, value)) => (name, Variable::Is(value.to_owned())),
        None => (text, Variable::Inherited),
    };
    check_variable(name)?;
    if text.contains('\0') {
        return Err("a variable holds no NUL".to_owned());
    }
    Ok((name.to_owned(), variable))
}

fn store(text: &str) -> Result<(String, Place), String> {
    let Pair { name, value } = pair(text).map_err(|_| {
        "write `NAME=PLACE`, such as `default=kv.redb`: the name is the one that the app opens the store by"
            .to_owned()
    })?;
    Ok((name, Place::parse(&value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags() {
        let is = |value: &str| Variable::Is(value.to_owned());
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), is("b=c"))));
        assert_eq!(variable("A="), Ok(("A".to_owned(), is(""))));
        assert_eq!(variable("A"), Ok(("A".to_owned(), Variable::Inherited)));
        assert!(variable("").is_err() && variable("=b").is_err());
        assert!(pair("=b").is_err() && pair("a").is_err());
        let place = Place::Is(Store::File("kv.redb".into()));
        assert_eq!(store("default=kv.redb"), Ok(("default".to_owned(), place)));
        let place = Place::Variable("REDIS_URL".to_owned());
        assert_eq!(store("a=env:REDIS_URL"), Ok(("a".to_owned(), place)));
        for bad in ["kv.redb", "=kv.redb", "a=", "a=env:", "a=ftp://x"] {
            assert!(store(bad).is_err(), "{bad}");
        }
    }
}
