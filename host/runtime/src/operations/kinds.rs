//! The kinds of operations.

use std::time::Duration;

use serde::Deserialize;
use spikard_wasm_app::grants::Secret;
use spikard_wasm_services::{Failed, Outcome, Payload, crypto};

use super::head::{parse, unknown};
use super::resources::Resources;
use super::result::{Operation, OperationResult, ready};
use super::services::Services;
use super::{fetch, keyvalue, log};

/// Longest `sleep`: a year. Deadlines end tasks earlier.
const MAX_SLEEP: f64 = 365.0 * 86_400_000.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sleep {
    ms: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

/// Starts an operation.
///
/// # Errors
/// The kind is unknown, the arguments are invalid, or the operation is not granted.
pub(super) fn start(
    services: &Services<'_>,
    resources: &mut Resources,
    kind: &str,
    head: &str,
    body: Payload,
) -> Result<Operation, Failed> {
    let family = kind.split_once('.').map_or(kind, |(family, _)| family);
    match family {
        "sleep" if kind == "sleep" => sleep(parse(kind, head)?),
        "config" if kind == "config.get" => {
            let name = parse(kind, head)?;
            Ok(ready(config(services, name)))
        }
        "log" if kind == "log" => log::write(services, parse(kind, head)?, body),
        "secret" if kind == "secret.get" => {
            let Name { name } = parse(kind, head)?;
            Ok(ready(Ok(text(secret(services, &name)))))
        }
        "password" | "crypto" | "jwt" => {
            let secret = |name: &str| secret(services, name).map(str::to_owned);
            crypto::run(kind, head, body, secret).ok_or_else(|| unknown(kind))
        }
        "sql" => {
            let started = resources.sql(services.databases).run(kind, head, body);
            started.ok_or_else(|| unknown(kind))
        }
        "fetch" => fetch::start(services, resources, kind, head, body),
        "kv" => keyvalue::start(services, kind, head, body),
        _ => Err(unknown(kind)),
    }
}

fn sleep(Sleep { ms }: Sleep) -> Result<Operation, Failed> {
    if !(0.0..=MAX_SLEEP).contains(&ms) {
        let message = format!("`ms` is `{ms}`; use a number from 0 to {MAX_SLEEP}");
        return Err(Failed::new("invalid", message));
    }
    let time = Duration::from_secs_f64(ms / 1000.0);
    Ok(Box::pin(async move {
        tokio::time::sleep(time).await;
        Ok(Outcome::new(String::new(), Payload::Empty))
    }))
}

fn config(services: &Services<'_>, Name { name }: Name) -> OperationResult {
    let granted = services.capabilities.grants.config.as_ref();
    let value = granted.and_then(|config| config.get(&name));
    let default = services.defaults.and_then(|them| them.get(&name));
    if granted.is_none() && default.is_none() {
        return Err(Failed::new(
            "denied",
            "settings are not granted; add `config = {}` to `[grants]` in spikard.toml",
        ));
    }
    let value = value.or(default.and_then(Option::as_ref));
    Ok(text(value.map(String::as_str)))
}

/// Returns the value of a granted secret.
fn secret<'a>(services: &Services<'a>, name: &str) -> Option<&'a str> {
    let secrets = &services.capabilities.grants.secrets;
    secrets.get(name).map(Secret::value)
}

/// Returns a text, or the status 404 if there is none.
fn text(value: Option<&str>) -> Outcome {
    match value {
        Some(value) => Outcome::new(String::new(), Payload::Text(value.to_owned())),
        None => Outcome {
            status: 404,
            ..Outcome::new(String::new(), Payload::Empty)
        },
    }
}

#[cfg(test)]
mod tests;
