//! Key-value stores.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::task::perform;
use crate::{Content, OperationError};

/// A key-value store that the operator has granted by name (the grant `keyvalue`).
///
/// ```
/// use std::time::Duration;
/// use spikard_wasm_sdk::{HttpError, Path, Store, get};
///
/// static CACHE: Store = Store::new("default");
///
/// #[get("/quotes/{name}")]
/// async fn quote(Path(name): Path<String>) -> Result<String, HttpError> {
///     let key = format!("quote:{name}");
///     if let Some(quote) = CACHE.get_text(&key).await? {
///         return Ok(quote);
///     }
///     let quote = format!("{name} says hello");
///     CACHE.set_with_ttl(&key, &quote, Duration::from_secs(60)).await?;
///     Ok(quote)
/// }
/// ```
///
/// A key has 1 to 1,024 bytes; a value is bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    name: Cow<'static, str>,
}

#[derive(Serialize)]
struct Head<'a> {
    store: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct SwapHead<'a> {
    store: &'a str,
    key: &'a str,
    expected: Option<String>,
}

#[derive(Deserialize)]
struct Sum {
    value: i64,
}

/// A page of the keys of a [`Store`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Keys {
    /// The keys, in no particular order.
    pub keys: Vec<String>,
    /// What [`Store::list_from`] takes for the next page; `None` at the end.
    pub cursor: Option<String>,
}

impl Store {
    /// Returns the store with this name in the grant `keyvalue`. Does not connect.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
        }
    }

    /// As [`new`](Self::new), for a name that is known at run time.
    #[must_use]
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into() }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn head<'a>(&'a self, key: &'a str) -> Head<'a> {
        Head {
            store: &self.name,
            key: Some(key),
            ttl_ms: None,
            by: None,
            cursor: None,
        }
    }

    /// Returns the value of a key, or `None` if the key is absent.
    ///
    /// # Errors
    /// If the store is not granted or cannot be reached.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, OperationError> {
        let completed = perform("kv.get", &self.head(key), Content::Empty).await?;
        Ok((completed.status != 404).then(|| completed.into_bytes()))
    }

    /// As [`get`](Self::get), for text.
    ///
    /// # Errors
    /// As [`get`](Self::get), and if the value is not UTF-8 (code `conversion`).
    pub async fn get_text(&self, key: &str) -> Result<Option<String>, OperationError> {
        let value = self.get(key).await?;
        let text = value.map(String::from_utf8).transpose();
        text.map_err(|error| OperationError::conversion(format!("the value of `{key}`: {error}")))
    }

    /// As [`get`](Self::get), for a value that [`set_json`](Self::set_json) has stored.
    ///
    /// # Errors
    /// As [`get`](Self::get), and if the value is not a `T` (code `conversion`).
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<Option<T>, OperationError> {
        let value = self.get(key).await?;
        let value = value.map(|json| serde_json::from_slice(&json)).transpose();
        value.map_err(|error| OperationError::conversion(format!("the value of `{key}`: {error}")))
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    /// As [`get`](Self::get), and if the value is too large.
    pub async fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), OperationError> {
        self.put(self.head(key), value.as_ref()).await
    }

    /// Sets the value of a key, which ends after `ttl`.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub async fn set_with_ttl(
        &self,
        key: &str,
        value: impl AsRef<[u8]>,
        ttl: Duration,
    ) -> Result<(), OperationError> {
        let head = Head {
            ttl_ms: Some(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
            ..self.head(key)
        };
        self.put(head, value.as_ref()).await
    }

    /// Sets the value of a key to a value as JSON.
    ///
    /// # Errors
    /// As [`set`](Self::set), and if the value cannot be JSON.
    pub async fn set_json<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<(), OperationError> {
        let json = serde_json::to_vec(value)
            .map_err(|error| OperationError::new("invalid", error.to_string()))?;
        self.set(key, json).await
    }

    async fn put(&self, head: Head<'_>, value: &[u8]) -> Result<(), OperationError> {
        let body = Content::Bytes(value.to_vec());
        perform("kv.set", &head, body).await.map(drop)
    }

    /// Removes a key if it exists.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn delete(&self, key: &str) -> Result<(), OperationError> {
        let head = self.head(key);
        perform("kv.delete", &head, Content::Empty).await.map(drop)
    }

    /// Returns true if the key exists.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn exists(&self, key: &str) -> Result<bool, OperationError> {
        let completed = perform("kv.exists", &self.head(key), Content::Empty).await?;
        Ok(completed.status != 404)
    }

    /// Adds to the integer of a key and returns the sum. An absent key counts as 0. Atomic.
    ///
    /// # Errors
    /// As [`get`](Self::get), and if the value is not an integer.
    pub async fn increment(&self, key: &str, by: i64) -> Result<i64, OperationError> {
        let head = Head {
            by: Some(by),
            ..self.head(key)
        };
        let completed = perform("kv.increment", &head, Content::Empty).await?;
        completed.head().map(|Sum { value }| value)
    }

    /// Sets a key to `value` if its current value is `expected`, and returns true if it did.
    /// `None` stands for an absent key. Atomic.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub async fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<bool, OperationError> {
        let head = SwapHead {
            store: &self.name,
            key,
            expected: expected.map(|bytes| STANDARD.encode(bytes)),
        };
        let body = Content::Bytes(value.as_ref().to_vec());
        Ok(perform("kv.swap", &head, body).await?.status != 409)
    }

    /// Returns the first page of the keys.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn list(&self) -> Result<Keys, OperationError> {
        self.page(None).await
    }

    /// Returns the page of the keys at a cursor.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn list_from(&self, cursor: &str) -> Result<Keys, OperationError> {
        self.page(Some(cursor)).await
    }

    async fn page(&self, cursor: Option<&str>) -> Result<Keys, OperationError> {
        let head = Head {
            store: &self.name,
            key: None,
            ttl_ms: None,
            by: None,
            cursor,
        };
        perform("kv.list", &head, Content::Empty).await?.head()
    }
}
