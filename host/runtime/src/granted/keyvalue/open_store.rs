//! Open stores, with the checks and limits that all kinds of stores share.

use std::future::Future;
use std::sync::Arc;

use spikard_wasm_app::grants::Store;
use spikard_wasm_app::one_line;

use super::file::File;
use super::model::{Bounds, Change, ChangeOutcome, Cursor, Page, StoreError};
use super::redis::Redis;
use crate::limits::Limits;

/// Maximum size of a key in bytes.
const MAX_KEY: usize = 1024;
/// Maximum keys per batch.
const MAX_BATCH: usize = 1000;
/// Maximum total size of the values of a batch in bytes. A single value may be larger.
const MAX_BATCH_BYTES: usize = 16 << 20;

enum Backend {
    File(Arc<File>),
    Redis(Box<Redis>),
}

/// An open store.
pub(crate) struct OpenStore {
    name: String,
    backend: Backend,
    bounds: Bounds,
}

impl OpenStore {
    pub(super) fn open(name: &str, store: &Store, limits: &Limits) -> Result<Self, String> {
        let bounds = Bounds {
            value: limits.keyvalue_value,
            total: limits.keyvalue_file,
            time: limits.keyvalue_time,
        };
        Ok(Self {
            name: name.to_owned(),
            backend: match store {
                Store::File(path) => Backend::File(File::open(path)?),
                Store::Redis(url) => Backend::Redis(Box::new(Redis::open(url, bounds)?)),
            },
            bounds,
        })
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        check_key(key)?;
        let got = async {
            match &self.backend {
                Backend::File(file) => file.get(key, self.bounds.value),
                Backend::Redis(redis) => redis.get(key).await,
            }
        };
        self.answer(got).await
    }

    pub(super) async fn get_many(
        &self,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        check_batch(keys.len(), keys.iter())?;
        let most = MAX_BATCH_BYTES.max(self.bounds.value);
        let got = async {
            match &self.backend {
                Backend::File(file) => file.get_many(keys.to_vec(), self.bounds.value, most).await,
                Backend::Redis(redis) => redis.get_many(keys, most).await,
            }
        };
        self.answer(got).await
    }

    pub(crate) async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        check_key(key)?;
        let exists = async {
            match &self.backend {
                Backend::File(file) => file.exists(key),
                Backend::Redis(redis) => redis.exists(key).await,
            }
        };
        self.answer(exists).await
    }

    pub(crate) async fn list(&self, cursor: Cursor) -> Result<Page, StoreError> {
        if let Cursor::Text(text) = &cursor
            && text.len() > MAX_KEY
        {
            return Err(StoreError::Request(
                "the cursor is not one of this store".to_owned(),
            ));
        }
        let page = async {
            match &self.backend {
                Backend::File(file) => file.list(cursor).await,
                Backend::Redis(redis) => redis.list(cursor).await,
            }
        };
        self.answer(page).await
    }

    pub(crate) async fn set(&self, pairs: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        check_batch(pairs.len(), pairs.iter().map(|(key, _)| key))?;
        for (_, value) in &pairs {
            self.check_value(value)?;
        }
        self.change(Change::Set(pairs)).await.map(drop)
    }

    /// Sets a key that expires after `ttl` milliseconds.
    pub(crate) async fn set_for(
        &self,
        key: String,
        value: Vec<u8>,
        ttl: u64,
    ) -> Result<(), StoreError> {
        check_key(&key)?;
        self.check_value(&value)?;
        self.change(Change::SetFor(key, value, ttl)).await.map(drop)
    }

    pub(crate) async fn delete(&self, keys: Vec<String>) -> Result<(), StoreError> {
        check_batch(keys.len(), keys.iter())?;
        self.change(Change::Delete(keys)).await.map(drop)
    }

    pub(crate) async fn add(
        &self,
        key: String,
        delta: i64,
        is_unsigned: bool,
    ) -> Result<i64, StoreError> {
        check_key(&key)?;
        match self.change(Change::Add(key, delta, is_unsigned)).await? {
            ChangeOutcome::Number(number) => Ok(number),
            ChangeOutcome::Done | ChangeOutcome::Differs => {
                Err(StoreError::Store("the store returned no number".to_owned()))
            }
        }
    }

    /// Compare-and-swap: sets a key if its value is `expected`, and returns true if it was.
    pub(crate) async fn swap(
        &self,
        key: &str,
        expected: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<bool, StoreError> {
        check_key(key)?;
        self.check_value(&value)?;
        let swap = Change::Swap(key.to_owned(), expected, value);
        Ok(self.change(swap).await? == ChangeOutcome::Done)
    }

    fn check_value(&self, value: &[u8]) -> Result<(), StoreError> {
        let most = self.bounds.value;
        match value.len() > most {
            true => Err(StoreError::TooLarge(format!(
                "a value of {} bytes is longer than {most}, the limit `keyvalue_value`",
                value.len()
            ))),
            false => Ok(()),
        }
    }

    async fn change(&self, change: Change) -> Result<ChangeOutcome, StoreError> {
        let changed = async {
            match &self.backend {
                Backend::File(file) => file.change(change, self.bounds.total).await,
                Backend::Redis(redis) => redis.change(change).await,
            }
        };
        self.answer(changed).await
    }

    /// Waits for a result within the time limit. Logs failures of the store.
    async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let time = self.bounds.time;
        let answer = match tokio::time::timeout(time, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::Timeout(String::new())),
        };
        let answer = answer.map_err(|error| match error {
            StoreError::Timeout(_) => StoreError::Timeout(format!(
                "the store did not answer within {time:?}, the limit `keyvalue_time`"
            )),
            error => error,
        });
        if let Err(StoreError::Timeout(why) | StoreError::Store(why)) = &answer {
            let error = one_line(why);
            tracing::warn!(store = self.name, %error, "key-value store failed");
        }
        answer
    }
}

fn check_key(key: &str) -> Result<(), StoreError> {
    match (1..=MAX_KEY).contains(&key.len()) {
        true => Ok(()),
        false => Err(StoreError::Request(format!(
            "a key has 1 to {MAX_KEY} bytes"
        ))),
    }
}

fn check_batch<'a>(
    count: usize,
    mut keys: impl Iterator<Item = &'a String>,
) -> Result<(), StoreError> {
    if count > MAX_BATCH {
        return Err(StoreError::TooLarge(format!(
            "the batch has {count} keys, more than the limit of {MAX_BATCH}"
        )));
    }
    keys.try_for_each(|key| check_key(key))
}
