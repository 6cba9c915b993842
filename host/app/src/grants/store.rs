//! Locations of key-value stores, in the syntax of the `--keyvalue` flag.

use std::path::PathBuf;

/// The location of a key-value store.
#[derive(Clone, PartialEq, Eq)]
pub enum Store {
    /// A database file of the host.
    File(PathBuf),
    /// The URL of a Redis server, which can contain a password.
    Redis(String),
}

impl Store {
    /// Parses a file path or the URL of a Redis server.
    ///
    /// # Errors
    /// The expected syntax. The error never contains the URL, which can hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        const SYNTAX: &str =
            "write the path of a file, such as `data/kv.redb`, or `redis://HOST:PORT/DATABASE`";
        if text.starts_with("redis://") {
            return Ok(Self::Redis(text.to_owned()));
        }
        if text.starts_with("rediss://") {
            return Err(format!(
                "Redis over TLS is not supported; connect through a TLS tunnel, or {SYNTAX}"
            ));
        }
        match text.split_once("://") {
            Some(_) => Err(format!("the URL scheme must be `redis`; {SYNTAX}")),
            None if text.is_empty() => Err(SYNTAX.to_owned()),
            None => Ok(Self::File(text.into())),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Redis(_) => f.write_str("Redis(..)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(
            Store::parse("data/kv.redb"),
            Ok(Store::File("data/kv.redb".into()))
        );
        let redis = Store::parse("redis://:hunter2@127.0.0.1:6379/1").unwrap();
        assert!(matches!(redis, Store::Redis(_)));
        assert!(!format!("{redis:?}").contains("hunter2"));
        for bad in ["", "rediss://:hunter2@host", "postgres://:hunter2@host"] {
            let why = Store::parse(bad).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
