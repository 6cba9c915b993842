//! Shared values of guests: the WIT interfaces `local-context` and `global-context`.
//!
//! The hooks and the handler of one request share a local context; all instances of an app
//! share a global one. Guests fill both, so both are bounded. Errors are sentences for the guest.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum size of a key in bytes.
const MAX_KEY: usize = 256;
/// Maximum total size of a local context in bytes.
const MAX_LOCAL: usize = 1 << 20;
/// Maximum total size of a global context in bytes.
const MAX_GLOBAL: usize = 16 << 20;
/// Approximate overhead of an entry in bytes, in addition to its key and value.
const ENTRY: usize = 64;
/// Prefix of the keys that only the host sets.
const RESERVED: &str = "spikard.";

/// Local context: the values of one request.
#[derive(Debug, Default)]
pub struct LocalContext(Mutex<Option<Box<Entries>>>);

impl LocalContext {
    /// Sets a reserved key, such as `spikard.jwt`, to a JSON text.
    pub fn preset(&self, key: &str, value: String) {
        let mut entries = lock(&self.0);
        entries
            .get_or_insert_default()
            .insert(key.to_owned(), value);
    }

    /// Returns the value of a key as JSON text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        lock(&self.0).as_ref()?.values.get(key).cloned()
    }

    /// Sets a key to a JSON text, or removes it if `value` is `None`.
    ///
    /// # Errors
    /// The key is reserved, empty or too long, or the context is full.
    pub fn set(&self, key: String, value: Option<String>) -> Result<(), String> {
        if key.starts_with(RESERVED) {
            return Err(format!(
                "the key `{key}` is reserved for the host: choose one that does not begin with `{RESERVED}`"
            ));
        }
        let mut entries = lock(&self.0);
        entries.get_or_insert_default().set(key, value, MAX_LOCAL)
    }
}

/// Global context: the values of one app.
#[derive(Debug, Default)]
pub struct GlobalContext(Mutex<Entries>);

impl GlobalContext {
    /// Returns the value of a key as JSON text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        lock(&self.0).values.get(key).cloned()
    }

    /// Sets a key to a JSON text, or removes it if `value` is `None`.
    ///
    /// # Errors
    /// The key is empty or too long, or the context is full.
    pub fn set(&self, key: String, value: Option<String>) -> Result<(), String> {
        lock(&self.0).set(key, value, MAX_GLOBAL)
    }

    /// Compare-and-swap: sets a key if its value is `expected`, and returns true if it was.
    ///
    /// # Errors
    /// Same as [`GlobalContext::set`].
    pub fn swap(
        &self,
        key: String,
        expected: Option<&str>,
        value: Option<String>,
    ) -> Result<bool, String> {
        let mut entries = lock(&self.0);
        if entries.values.get(&key).map(String::as_str) != expected {
            return Ok(false);
        }
        entries.set(key, value, MAX_GLOBAL).map(|()| true)
    }

    /// Adds to a counter and returns the sum. A missing key counts as 0.
    ///
    /// # Errors
    /// Same as [`GlobalContext::set`], and if the value is not an integer or the sum overflows
    /// 64 bits.
    pub fn add(&self, key: String, delta: i64) -> Result<i64, String> {
        let mut entries = lock(&self.0);
        let before: i64 = match entries.values.get(&key) {
            None => 0,
            Some(text) => text
                .parse()
                .map_err(|_| format!("the value of `{key}` is not an integer of 64 bits"))?,
        };
        let sum = before
            .checked_add(delta)
            .ok_or_else(|| format!("the sum for `{key}` has more than 64 bits"))?;
        entries.set(key, Some(sum.to_string()), MAX_GLOBAL)?;
        Ok(sum)
    }
}

#[derive(Debug, Default)]
struct Entries {
    values: HashMap<String, String>,
    size: usize,
}

impl Entries {
    fn set(&mut self, key: String, value: Option<String>, limit: usize) -> Result<(), String> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(format!(
                "a key has 1 to {MAX_KEY} bytes, and this one has {}",
                key.len()
            ));
        }
        let Some(value) = value else {
            if let Some(old) = self.values.remove(&key) {
                self.size -= size(&key, &old);
            }
            return Ok(());
        };
        let old = self.values.get(&key).map_or(0, |old| size(&key, old));
        let after = self.size - old + size(&key, &value);
        if after > limit {
            return Err(format!(
                "with `{key}` the context would hold more than {limit} bytes: remove entries that are no longer needed"
            ));
        }
        self.insert(key, value);
        Ok(())
    }

    fn insert(&mut self, key: String, value: String) {
        self.size += size(&key, &value);
        if let Some(old) = self.values.get(&key) {
            self.size -= size(&key, old);
        }
        self.values.insert(key, value);
    }
}

fn size(key: &str, value: &str) -> usize {
    key.len() + value.len() + ENTRY
}

/// Locks a mutex; poisoning is ignored, because a panic cannot leave a partial value.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_values_are_set_and_removed() {
        let local = LocalContext::default();
        assert_eq!(local.get("a"), None);
        local.set("a".into(), Some("1".into())).unwrap();
        local.set("a".into(), Some("2".into())).unwrap();
        assert_eq!(local.get("a").as_deref(), Some("2"));
        local.set("a".into(), None).unwrap();
        assert_eq!(local.get("a"), None);
    }

    #[test]
    fn guests_cannot_set_reserved_keys() {
        let local = LocalContext::default();
        local.preset("spikard.jwt", "{}".into());
        let error = local.set("spikard.jwt".into(), None).unwrap_err();
        assert!(error.contains("`spikard.jwt`"), "{error}");
        assert_eq!(local.get("spikard.jwt").as_deref(), Some("{}"));
    }

    #[test]
    fn contexts_are_bounded() {
        let local = LocalContext::default();
        let half = "x".repeat(MAX_LOCAL / 2);
        local.set("a".into(), Some(half.clone())).unwrap();
        local.set("a".into(), Some(half.clone())).unwrap();
        assert!(local.set("b".into(), Some(half.clone())).is_err());
        local.set("a".into(), None).unwrap();
        local.set("b".into(), Some(half)).unwrap();
        assert!(local.set(String::new(), Some("1".into())).is_err());
        assert!(local.set("k".repeat(257), Some("1".into())).is_err());
        // Many small entries are bounded too.
        let global = GlobalContext::default();
        let full = (0..).find(|n| global.set(n.to_string(), Some(String::new())).is_err());
        assert!(full.unwrap() < MAX_GLOBAL / ENTRY);
    }

    #[test]
    fn counters_are_exact() {
        let global = GlobalContext::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| drop(global.add("n".into(), 1))));
            }
        });
        assert_eq!(global.add("n".into(), -1), Ok(3999));
        assert!(global.add("n".into(), i64::MAX).is_err());
        global.set("n".into(), Some("\"x\"".into())).unwrap();
        assert!(global.add("n".into(), 1).is_err());
        assert_eq!(global.swap("n".into(), Some("1"), None), Ok(false));
        assert_eq!(global.swap("n".into(), Some("\"x\""), None), Ok(true));
        assert_eq!(global.get("n"), None);
    }
}
