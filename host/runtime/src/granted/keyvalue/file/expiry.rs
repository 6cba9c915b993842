//! Expiry of keys in a file.
//!
//! One table has the time at which a key expires, another the keys in the order of these times.
//! An expired key is absent for readers at once; the writer removes it later.

use std::time::{SystemTime, UNIX_EPOCH};

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::granted::keyvalue::model::{StoreError, failed};

/// Milliseconds since 1970 by key.
pub(super) const EXPIRIES: TableDefinition<'_, &str, u64> = TableDefinition::new("expiries");
const ORDER: TableDefinition<'_, (u64, &str), ()> = TableDefinition::new("expiry_order");

/// Maximum expired keys that a commit removes. More than a commit can add, so that the writer
/// keeps up.
const MAX_REMOVED: usize = 1024;

/// Returns the time in milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Returns true if a key has expired.
pub(super) fn is_expired(
    expiries: &impl ReadableTable<&'static str, u64>,
    key: &str,
    now: u64,
) -> Result<bool, StoreError> {
    let at = expiries.get(key).map_err(failed)?;
    Ok(at.is_some_and(|at| at.value() <= now))
}

/// The tables inside a write transaction.
pub(super) struct Expiries<'t> {
    by_key: Table<'t, &'static str, u64>,
    by_time: Table<'t, (u64, &'static str), ()>,
    now: u64,
}

impl<'t> Expiries<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::TableError> {
        Ok(Self {
            by_key: transaction.open_table(EXPIRIES)?,
            by_time: transaction.open_table(ORDER)?,
            now: now(),
        })
    }

    pub(super) fn is_expired(&self, key: &str) -> Result<bool, StoreError> {
        is_expired(&self.by_key, key, self.now)
    }

    /// Makes a key expire after `ttl` milliseconds.
    pub(super) fn set(&mut self, key: &str, ttl: u64) -> Result<(), StoreError> {
        self.clear(key)?;
        let at = self.now.saturating_add(ttl);
        self.by_key.insert(key, at).map_err(failed)?;
        self.by_time.insert((at, key), ()).map_err(failed)?;
        Ok(())
    }

    /// Makes a key stay.
    pub(super) fn clear(&mut self, key: &str) -> Result<(), StoreError> {
        let at = self.by_key.remove(key).map_err(failed)?;
        if let Some(at) = at.map(|at| at.value()) {
            self.by_time.remove((at, key)).map_err(failed)?;
        }
        Ok(())
    }

    /// Returns the keys that expired first.
    pub(super) fn expired(&self) -> Result<Vec<String>, StoreError> {
        let end = (self.now.saturating_add(1), "");
        let expired = self.by_time.range(..end).map_err(failed)?;
        let key = |entry: Result<(redb::AccessGuard<'_, (u64, &'static str)>, _), _>| {
            let (key, _): (_, redb::AccessGuard<'_, ()>) = entry.map_err(failed)?;
            Ok(key.value().1.to_owned())
        };
        expired.take(MAX_REMOVED).map(key).collect()
    }
}
