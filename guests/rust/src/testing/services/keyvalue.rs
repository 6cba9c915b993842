//! Key-value stores in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::input::{bytes, read};
use super::outcome::{Fault, Outcome};
use crate::Content;

/// How many keys a page of `kv.list` has.
const PAGE: usize = 100;

/// The stores of a test client, by name. A store exists when it is first used.
#[derive(Default)]
pub(super) struct KeyValue {
    stores: BTreeMap<String, BTreeMap<String, Entry>>,
}

struct Entry {
    value: Vec<u8>,
    /// When the value ends.
    end: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    store: String,
    #[serde(default)]
    key: String,
    ttl_ms: Option<u64>,
    by: Option<i64>,
    expected: Option<String>,
    cursor: Option<String>,
}

impl KeyValue {
    pub(super) fn perform(
        &mut self,
        now: Duration,
        operation: &str,
        head: &str,
        body: &Content,
    ) -> Result<Outcome, Fault> {
        let head: Head = read(head)?;
        let store = self.stores.entry(head.store).or_default();
        store.retain(|_, entry| entry.end.is_none_or(|end| end > now));
        if operation == "list" {
            return Ok(list(store, head.cursor));
        }
        if head.key.is_empty() || head.key.len() > 1024 {
            return Err(Fault::new("invalid", "a key has 1 to 1,024 bytes"));
        }
        let found = store.get(&head.key);
        let end = head.ttl_ms.map(|ttl| now + Duration::from_millis(ttl));
        let entry = |value| Entry { value, end };
        let exists = Outcome::new(if found.is_some() { 200 } else { 404 });
        Ok(match operation {
            "get" => match found {
                Some(entry) => exists.body(Content::Bytes(entry.value.clone())),
                None => exists,
            },
            "exists" => exists,
            "set" => {
                store.insert(head.key, entry(bytes(body).to_vec()));
                Outcome::new(200)
            }
            "delete" => {
                store.remove(&head.key);
                Outcome::new(200)
            }
            "increment" => {
                let sum = sum(found, head.by.unwrap_or(1))?;
                let end = found.and_then(|entry| entry.end);
                let value = sum.to_string().into_bytes();
                store.insert(head.key, Entry { value, end });
                Outcome::new(200).head(&json!({"value": sum}))
            }
            "swap" => {
                let expected = head.expected.map(|text| STANDARD.decode(text)).transpose();
                let expected =
                    expected.map_err(|error| Fault::new("invalid", error.to_string()))?;
                if found.map(|entry| &entry.value) != expected.as_ref() {
                    return Ok(Outcome::new(409));
                }
                store.insert(head.key, entry(bytes(body).to_vec()));
                Outcome::new(200)
            }
            _ => {
                return Err(Fault::new(
                    "unknown-kind",
                    format!("there is no operation `kv.{operation}`"),
                ));
            }
        })
    }
}

fn sum(found: Option<&Entry>, by: i64) -> Result<i64, Fault> {
    let text = found.map_or(Ok("0"), |entry| std::str::from_utf8(&entry.value));
    let value: Option<i64> = text.ok().and_then(|text| text.parse().ok());
    value
        .and_then(|value| value.checked_add(by))
        .ok_or_else(|| Fault::new("failed", "the value is not an integer of 64 bits"))
}

fn list(store: &BTreeMap<String, Entry>, cursor: Option<String>) -> Outcome {
    let after = cursor.unwrap_or_default();
    let keys: Vec<_> = store.keys().filter(|key| **key > after).collect();
    let page = &keys[..keys.len().min(PAGE)];
    let mut head = json!({"keys": page});
    if keys.len() > PAGE {
        head["cursor"] = json!(page.last());
    }
    Outcome::new(200).head(&head)
}
