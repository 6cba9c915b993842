//! Key-value stores, through both drafts of `wasi:keyvalue`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Done, wrong};

/// An action on a store through one of the drafts.
#[derive(Deserialize)]
pub(crate) struct Call {
    draft: u8,
    store: String,
    #[serde(flatten)]
    act: Act,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Act {
    Get {
        key: String,
    },
    /// Sets a value that repeats a text `times` times.
    Set {
        key: String,
        value: String,
        times: Option<usize>,
    },
    Delete {
        key: String,
    },
    Exists {
        key: String,
    },
    /// Lists all keys, with the number of pages.
    Keys,
    Increment {
        key: String,
        delta: i64,
    },
    GetMany {
        keys: Vec<String>,
    },
    SetMany {
        pairs: Vec<(String, String)>,
    },
    DeleteMany {
        keys: Vec<String>,
    },
    /// Sets this many keys with a prefix.
    Fill {
        prefix: String,
        count: usize,
    },
    /// Opens the store this many times and returns how often it succeeded.
    Hoard {
        count: usize,
    },
    /// Swaps a value; before that, it may set another one.
    Swap {
        key: String,
        between: Option<String>,
        value: String,
    },
    /// Creates this many swap handles; returns how often it succeeded, and the error.
    HoardSwaps {
        key: String,
        count: usize,
    },
}

impl Call {
    pub(crate) fn act(self) -> Done {
        match self.draft {
            1 => first(&self.store, self.act),
            _ => second(&self.store, self.act),
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Defines the functions that both drafts have, for the bindings of one.
macro_rules! common {
    ($store:expr, $act:expr, $module:ident, $page:expr) => {{
        use crate::imports::wasi::$module::{batch, store};
        let bucket = store::open($store).map_err(wrong)?;
        let pairs = |pairs: Vec<(String, String)>| -> Vec<(String, Vec<u8>)> {
            let pair = |(key, value): (String, String)| (key, value.into_bytes());
            pairs.into_iter().map(pair).collect()
        };
        match $act {
            Act::Get { key } => bucket
                .get(&key)
                .map_err(wrong)
                .map(|it| it.map(text).into()),
            Act::Set { key, value, times } => {
                let value = value.repeat(times.unwrap_or(1));
                bucket
                    .set(&key, value.as_bytes())
                    .map_err(wrong)
                    .map(Value::from)
            }
            Act::Delete { key } => bucket.delete(&key).map_err(wrong).map(Value::from),
            Act::Exists { key } => bucket.exists(&key).map_err(wrong).map(Value::from),
            Act::Keys => {
                let (mut keys, mut pages, mut cursor) = (Vec::new(), 0, None);
                loop {
                    let page = $page(&bucket, cursor).map_err(wrong)?;
                    keys.extend(page.keys);
                    pages += 1;
                    cursor = page.cursor;
                    if cursor.is_none() {
                        keys.sort();
                        return Ok(json!([pages, keys]));
                    }
                }
            }
            Act::SetMany { pairs: all } => batch::set_many(&bucket, &pairs(all))
                .map_err(wrong)
                .map(Value::from),
            Act::DeleteMany { keys } => batch::delete_many(&bucket, &keys)
                .map_err(wrong)
                .map(Value::from),
            Act::Fill { prefix, count } => {
                let all: Vec<_> = (0..count)
                    .map(|at| (format!("{prefix}{at:06}"), at.to_string()))
                    .collect();
                for all in all.chunks(1000) {
                    batch::set_many(&bucket, &pairs(all.to_vec())).map_err(wrong)?;
                }
                Ok(Value::Null)
            }
            Act::Hoard { count } => {
                let mut all = Vec::new();
                while all.len() < count {
                    match store::open($store) {
                        Ok(bucket) => all.push(bucket),
                        Err(_) => break,
                    }
                }
                Ok(all.len().into())
            }
            _ => Err("this draft has no such function".to_owned()),
        }
    }};
}

fn first(name: &str, act: Act) -> Done {
    use crate::imports::wasi::keyvalue0_2_0_draft::{atomics, batch, store};
    let open = || store::open(name).map_err(wrong);
    match act {
        Act::Increment { key, delta } => {
            let sum = atomics::increment(&open()?, &key, delta as u64);
            sum.map_err(wrong).map(Value::from)
        }
        Act::GetMany { keys } => {
            let found = batch::get_many(&open()?, &keys).map_err(wrong)?;
            let pair =
                |pair: Option<(String, Vec<u8>)>| pair.map(|(key, value)| (key, text(value)));
            Ok(json!(found.into_iter().map(pair).collect::<Vec<_>>()))
        }
        act => common!(
            name,
            act,
            keyvalue0_2_0_draft,
            |bucket: &store::Bucket, cursor| { bucket.list_keys(cursor) }
        ),
    }
}

fn second(name: &str, act: Act) -> Done {
    use crate::imports::wasi::keyvalue0_2_0_draft2::{atomics, batch, store};
    let open = || store::open(name).map_err(wrong);
    match act {
        Act::Increment { key, delta } => {
            let sum = atomics::increment(&open()?, &key, delta);
            sum.map_err(wrong).map(Value::from)
        }
        Act::GetMany { keys } => {
            let found = batch::get_many(&open()?, &keys).map_err(wrong)?;
            let pair = |(key, value): (String, Option<Vec<u8>>)| (key, value.map(text));
            Ok(json!(found.into_iter().map(pair).collect::<Vec<_>>()))
        }
        Act::Swap {
            key,
            between,
            value,
        } => {
            let bucket = open()?;
            let cas = atomics::Cas::new(&bucket, &key).map_err(wrong)?;
            let was = cas.current().map_err(wrong)?.map(text);
            if let Some(between) = between {
                bucket.set(&key, between.as_bytes()).map_err(wrong)?;
            }
            match atomics::swap(cas, value.as_bytes()) {
                Ok(()) => Ok(json!({"was": was})),
                Err(atomics::CasError::CasFailed(now)) => {
                    let is = now.current().map_err(wrong)?.map(text);
                    // Retry with the current value.
                    atomics::swap(now, value.as_bytes()).map_err(wrong)?;
                    Ok(json!({"was": was, "is": is}))
                }
                Err(atomics::CasError::StoreError(error)) => Err(wrong(error)),
            }
        }
        Act::HoardSwaps { key, count } => {
            let bucket = open()?;
            let mut all = Vec::new();
            let mut why = None;
            while all.len() < count && why.is_none() {
                match atomics::Cas::new(&bucket, &key) {
                    Ok(cas) => all.push(cas),
                    Err(error) => why = Some(wrong(error)),
                }
            }
            Ok(json!([all.len(), why]))
        }
        act => common!(
            name,
            act,
            keyvalue0_2_0_draft2,
            |bucket: &store::Bucket, cursor: Option<String>| {
                bucket.list_keys(cursor.as_deref())
            }
        ),
    }
}
