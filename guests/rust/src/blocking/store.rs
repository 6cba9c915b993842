//! The blocking twin of key-value stores.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::run::{block_on, twins};
use crate::OperationError;
use crate::store::Keys;

/// The blocking twin of [`Store`](crate::Store).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    inner: crate::Store,
}

impl Store {
    /// Returns the store with this name in the grant `keyvalue`. Does not connect.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            inner: crate::Store::new(name),
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    twins! {
        /// Returns the value of a key, or `None` if the key is absent.
        ///
        /// # Errors
        /// If the store is not granted or cannot be reached.
        fn get(&self, key: &str) -> Result<Option<Vec<u8>>, OperationError>;

        /// As [`get`](Self::get), for text.
        ///
        /// # Errors
        /// As [`get`](Self::get), and if the value is not UTF-8 (code `conversion`).
        fn get_text(&self, key: &str) -> Result<Option<String>, OperationError>;

        /// As [`get`](Self::get), for a value that [`set_json`](Self::set_json) has stored.
        ///
        /// # Errors
        /// As [`get`](Self::get), and if the value is not a `T` (code `conversion`).
        fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, OperationError>;

        /// Sets the value of a key.
        ///
        /// # Errors
        /// As [`get`](Self::get), and if the value is too large.
        fn set(&self, key: &str, value: impl AsRef<[u8]>) -> Result<(), OperationError>;

        /// Sets the value of a key, which ends after `ttl`.
        ///
        /// # Errors
        /// As [`set`](Self::set).
        fn set_with_ttl(
            &self,
            key: &str,
            value: impl AsRef<[u8]>,
            ttl: Duration
        ) -> Result<(), OperationError>;

        /// Removes a key if it exists.
        ///
        /// # Errors
        /// As [`get`](Self::get).
        fn delete(&self, key: &str) -> Result<(), OperationError>;

        /// Returns true if the key exists.
        ///
        /// # Errors
        /// As [`get`](Self::get).
        fn exists(&self, key: &str) -> Result<bool, OperationError>;

        /// Adds to the integer of a key and returns the sum. An absent key counts as 0. Atomic.
        ///
        /// # Errors
        /// As [`get`](Self::get), and if the value is not an integer.
        fn increment(&self, key: &str, by: i64) -> Result<i64, OperationError>;

        /// Sets a key to `value` if its current value is `expected`, and returns true if it did.
        /// `None` stands for an absent key. Atomic.
        ///
        /// # Errors
        /// As [`set`](Self::set).
        fn swap(
            &self,
            key: &str,
            expected: Option<&[u8]>,
            value: impl AsRef<[u8]>
        ) -> Result<bool, OperationError>;

        /// Returns the first page of the keys.
        ///
        /// # Errors
        /// As [`get`](Self::get).
        fn list(&self) -> Result<Keys, OperationError>;

        /// Returns the page of the keys at a cursor.
        ///
        /// # Errors
        /// As [`get`](Self::get).
        fn list_from(&self, cursor: &str) -> Result<Keys, OperationError>;
    }

    /// Sets the value of a key to a value as JSON.
    ///
    /// # Errors
    /// As [`set`](Self::set), and if the value cannot be JSON.
    pub fn set_json<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<(), OperationError> {
        block_on(self.inner.set_json(key, value))
    }
}
