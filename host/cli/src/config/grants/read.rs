//! Reads `[grants]`, of `spikard.toml` or of one of its apps.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use spikard_wasm_app::grants::{
    Directory, Network, OutgoingPattern, Store, check_guest_path, check_variable,
};
use toml::Value;

use super::{GrantsSaid, StorePlace, Variable, table};
use crate::config::place::Place;
use crate::config::units;

/// The most requests under way that can be allowed.
const MOST_REQUESTS: u32 = 1_000_000;

impl GrantsSaid {
    /// Reads a table of grants.
    pub(in crate::config) fn read(here: &Place<'_>) -> Result<Self> {
        let mut said = Self::default();
        let mut inherit = Vec::new();
        for place in here.members()? {
            match place.name {
                "environment" => {
                    for place in place.members()? {
                        check_variable(place.name).map_err(|why| place.wrong(&why))?;
                        let value = Variable::Is(place.any_text("a variable's value")?.to_owned());
                        said.environment.insert(place.name.to_owned(), value);
                    }
                }
                "inherit" => inherit = place.items()?,
                "directories" => said.directories = directories(&place)?,
                "stdio" => said.stdio = Some(place.boolean()?),
                "clocks" => said.clocks = Some(place.boolean()?),
                "random" => said.random = Some(place.boolean()?),
                "logging" => said.logging = Some(place.boolean()?),
                "config" => {
                    let mut config = BTreeMap::new();
                    for place in place.members()? {
                        let value = place.any_text("a setting's value")?;
                        config.insert(place.name.to_owned(), value.to_owned());
                    }
                    said.config = Some(config);
                }
                "keyvalue" => {
                    for place in place.members()? {
                        said.keyvalue.insert(place.name.to_owned(), store(&place)?);
                    }
                }
                "outgoing" => said.read_outgoing(&place)?,
                _ => return Err(place.unknown("key", table::names(""))),
            }
        }
        for place in inherit {
            let name = place.text("a variable's name")?;
            check_variable(name).map_err(|why| place.wrong(&why))?;
            let twice = said
                .environment
                .insert(name.to_owned(), Variable::Inherited);
            if twice.is_some() {
                return Err(place.wrong("the variable is granted twice: remove one of them"));
            }
        }
        Ok(said)
    }

    fn read_outgoing(&mut self, here: &Place<'_>) -> Result<()> {
        let rules = &mut self.outgoing;
        for place in here.members()? {
            let why = |why: String| place.wrong(&why);
            match place.name {
                "allow" => {
                    for place in place.items()? {
                        let text = place.text("an origin, such as `https://api.example.com`")?;
                        let pattern =
                            OutgoingPattern::parse(text).map_err(|why| place.wrong(&why))?;
                        rules.allow.push(pattern);
                    }
                }
                "networks" => {
                    for place in place.items()? {
                        let text = place.text("a network, such as `10.0.0.0/8`")?;
                        let network = Network::parse(text).map_err(|why| place.wrong(&why))?;
                        rules.networks.push(network);
                    }
                }
                "timeout" => {
                    let time = match place.value {
                        Value::String(text) => units::duration(text),
                        Value::Integer(seconds) => units::seconds(*seconds as f64),
                        Value::Float(seconds) => units::seconds(*seconds),
                        _ => Err("write a duration, such as `\"30s\"`".to_owned()),
                    };
                    rules.timeout = std::time::Duration::from_millis(time.map_err(why)?);
                }
                "max_response" => {
                    let size = match place.value {
                        Value::String(text) => units::size(text),
                        Value::Integer(bytes) => {
                            u64::try_from(*bytes).map_err(|_| "it cannot be below 0".to_owned())
                        }
                        _ => Err("write a size, such as `\"64MiB\"`".to_owned()),
                    };
                    rules.max_response = size.map_err(why)?;
                }
                "max_requests" => {
                    let number = place.value.as_integer();
                    let number = number.and_then(|number| u32::try_from(number).ok());
                    let number = number.filter(|number| (1..=MOST_REQUESTS).contains(number));
                    rules.max_requests = number.ok_or_else(|| {
                        place.wrong(&format!("write a whole number from 1 to {MOST_REQUESTS}"))
                    })?;
                }
                _ => return Err(place.unknown("key", table::names("outgoing"))),
            }
        }
        Ok(())
    }
}

fn directories(here: &Place<'_>) -> Result<Vec<Directory>> {
    let mut all: Vec<Directory> = Vec::new();
    for item in here.items()? {
        let (mut host, mut guest, mut write) = (None, None, false);
        let members = match item.value {
            Value::Table(_) => item.members()?,
            _ => return Err(item.wrong("write `{ host = \"data\", guest = \"/data\" }`")),
        };
        for place in members {
            match place.name {
                "host" => {
                    guest.get_or_insert(place.text("a path")?);
                    host = Some(place.path()?);
                }
                "guest" => {
                    let path = place.text("a path")?;
                    check_guest_path(path).map_err(|why| place.wrong(&why))?;
                    guest = Some(path);
                }
                "write" => write = place.boolean()?,
                _ => return Err(place.unknown("key", ["guest", "host", "write"].into_iter())),
            }
        }
        let (Some(host), Some(guest)) = (host, guest) else {
            return Err(item.wrong("`host` says which folder it is"));
        };
        check_guest_path(guest).map_err(|why| item.wrong(&why))?;
        if all.iter().any(|other| other.guest == guest) {
            return Err(item.wrong("another folder has that path in the app"));
        }
        all.push(Directory {
            host,
            guest: guest.to_owned(),
            write,
        });
    }
    Ok(all)
}

/// A store's place, which is not repeated in errors: it may hold a password.
fn store(place: &Place<'_>) -> Result<StorePlace> {
    let wrong = |why: String| anyhow!("{} does not say where the store is: {why}", place.label());
    let text = place.value.as_str().unwrap_or_default();
    let store = StorePlace::parse(text).map_err(wrong)?;
    Ok(match store {
        StorePlace::Is(Store::File(path)) => StorePlace::Is(Store::File(place.beside(&path))),
        other => other,
    })
}
