//! Operations on key-value stores: the kinds `kv.*`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use spikard_wasm_app::one_line;
use spikard_wasm_services::{Failed, Outcome, Payload};

use super::head::{parse, unknown};
use super::result::{Operation, OperationResult};
use super::services::Services;
use crate::granted::keyvalue::{Cursor, OpenStore, StoreError};

/// Longest time to live: 100 years.
const MAX_TTL: u64 = 100 * 366 * 86_400_000;

/// The arguments of most kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    #[serde(default)]
    store: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    #[serde(default)]
    store: String,
    key: String,
    ttl_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Increment {
    #[serde(default)]
    store: String,
    key: String,
    #[serde(default = "one")]
    by: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Swap {
    #[serde(default)]
    store: String,
    key: String,
    /// Base64; `null` for an absent key. A missing member is an error.
    #[serde(deserialize_with = "required")]
    expected: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    store: String,
    cursor: Option<String>,
}

fn one() -> i64 {
    1
}

fn required<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(value)
}

/// Starts an operation.
///
/// # Errors
/// The kind is unknown, the arguments are invalid, or the store is not granted.
pub(super) fn start(
    services: &Services<'_>,
    kind: &str,
    head: &str,
    body: Payload,
) -> Result<Operation, Failed> {
    match kind {
        "kv.get" => {
            let Key { store, key } = parse(kind, head)?;
            let store = find(services, &store)?;
            run(async move { Ok(value(store.get(&key).await?)) })
        }
        "kv.set" => {
            let Set { store, key, ttl_ms } = parse(kind, head)?;
            let store = find(services, &store)?;
            check_ttl(ttl_ms)?;
            let value = bytes(body);
            run(async move {
                match ttl_ms {
                    Some(ttl) => store.set_for(key, value, ttl).await?,
                    None => store.set(vec![(key, value)]).await?,
                }
                Ok(done(200))
            })
        }
        "kv.delete" => {
            let Key { store, key } = parse(kind, head)?;
            let store = find(services, &store)?;
            run(async move {
                store.delete(vec![key]).await?;
                Ok(done(200))
            })
        }
        "kv.exists" => {
            let Key { store, key } = parse(kind, head)?;
            let store = find(services, &store)?;
            run(async move { Ok(done(if store.exists(&key).await? { 200 } else { 404 })) })
        }
        "kv.increment" => {
            let Increment { store, key, by } = parse(kind, head)?;
            let store = find(services, &store)?;
            run(async move {
                let sum = store.add(key, by, false).await?;
                Ok(head_only(&json!({ "value": sum })))
            })
        }
        "kv.swap" => {
            let Swap {
                store,
                key,
                expected,
            } = parse(kind, head)?;
            let store = find(services, &store)?;
            let expected = expected.map(|text| STANDARD.decode(text)).transpose();
            let expected = expected.map_err(|error| {
                Failed::new("invalid", format!("`expected` is not base64: {error}"))
            })?;
            let value = bytes(body);
            run(async move {
                let is_swapped = store.swap(&key, expected, value).await?;
                Ok(done(if is_swapped { 200 } else { 409 }))
            })
        }
        "kv.list" => {
            let List { store, cursor } = parse(kind, head)?;
            let store = find(services, &store)?;
            run(async move {
                let page = store.list(Cursor::Text(cursor.unwrap_or_default())).await?;
                let mut head = json!({ "keys": page.keys });
                match page.next {
                    None => {}
                    Some(Cursor::Number(next)) => head["cursor"] = json!(next.to_string()),
                    Some(Cursor::Text(next)) => head["cursor"] = json!(next),
                }
                Ok(head_only(&head))
            })
        }
        _ => Err(unknown(kind)),
    }
}

/// Runs an operation on a store.
fn run(
    operation: impl Future<Output = Result<Outcome, StoreError>> + Send + 'static,
) -> Result<Operation, Failed> {
    Ok(Box::pin(async move {
        let result: OperationResult = operation.await.map_err(failed);
        result
    }))
}

fn failed(error: StoreError) -> Failed {
    let (code, message) = match error {
        StoreError::Request(why) => ("invalid", why),
        StoreError::TooLarge(why) => ("too-large", why),
        StoreError::Timeout(why) => ("timeout", why),
        StoreError::Store(why) => ("unavailable", format!("the store failed: {why}")),
    };
    Failed::new(code, one_line(&message))
}

fn find(services: &Services<'_>, name: &str) -> Result<Arc<OpenStore>, Failed> {
    services.stores.find(name).cloned().ok_or_else(|| {
        let name = if name.is_empty() { "default" } else { name };
        let name = one_line(&name[..name.floor_char_boundary(64)]);
        let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let key = match name.bytes().all(is_bare) {
            true => name.to_string(),
            false => serde_json::Value::from(name.as_ref()).to_string(),
        };
        let message = format!(
            "the store `{name}` is not granted; add `keyvalue = {{ {key} = \"kv.redb\" }}` to `[grants]` in spikard.toml"
        );
        Failed::new("denied", message)
    })
}

fn check_ttl(ttl: Option<u64>) -> Result<(), Failed> {
    match ttl {
        Some(ttl) if !(1..=MAX_TTL).contains(&ttl) => Err(Failed::new(
            "invalid",
            format!("`ttl_ms` is `{ttl}`; use a number from 1 to {MAX_TTL}, or omit it"),
        )),
        _ => Ok(()),
    }
}

fn bytes(body: Payload) -> Vec<u8> {
    match body {
        Payload::Empty => Vec::new(),
        Payload::Json(text) | Payload::Text(text) => text.into_bytes(),
        Payload::Bytes(bytes) => bytes,
    }
}

fn value(value: Option<Vec<u8>>) -> Outcome {
    match value {
        Some(value) => Outcome::new(String::new(), Payload::Bytes(value)),
        None => done(404),
    }
}

fn done(status: u16) -> Outcome {
    Outcome {
        status,
        ..Outcome::new(String::new(), Payload::Empty)
    }
}

fn head_only(head: &serde_json::Value) -> Outcome {
    Outcome::new(head.to_string(), Payload::Empty)
}

#[cfg(test)]
mod tests;
