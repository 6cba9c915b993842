//! Key-value stores of an app, which its instances share.

use std::collections::BTreeMap;
use std::sync::Arc;

use spikard_wasm_app::Grants;
use spikard_wasm_app::grants::Store;

use super::open_store::OpenStore;
use crate::error::LoadError;
use crate::limits::Limits;

/// The store that the empty name opens.
const DEFAULT: &str = "default";

/// Key-value stores of an app by name.
#[derive(Default)]
pub(crate) struct Stores(BTreeMap<String, Arc<OpenStore>>);

impl Stores {
    /// Opens the granted stores. Connections to Redis are created on first use.
    pub(crate) fn open(app: &str, grants: &Grants, limits: &Limits) -> Result<Self, LoadError> {
        let opened = grants.keyvalue.iter().map(|(name, store)| {
            let opened = OpenStore::open(name, store, limits);
            let opened = opened.map_err(|why| LoadError::Store {
                name: app.to_owned(),
                store: name.clone(),
                location: match store {
                    Store::File(path) => format!("`{}`", path.display()),
                    Store::Redis(_) => "the Redis server".to_owned(),
                },
                why,
            })?;
            Ok((name.clone(), Arc::new(opened)))
        });
        opened.collect::<Result<_, _>>().map(Self)
    }

    /// Finds a store by name; the empty name means `default`.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<OpenStore>> {
        let is_default = name.is_empty() && !self.0.contains_key(name);
        self.0.get(if is_default { DEFAULT } else { name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_name_is_the_default_store() {
        let folder = tempfile::tempdir().unwrap();
        let stores = |names: &[&str]| {
            let stores = names.iter().map(|name| {
                let store = Store::File(folder.path().join(format!("{name}.redb")));
                ((*name).to_owned(), store)
            });
            let grants = Grants {
                keyvalue: stores.collect(),
                ..Grants::default()
            };
            Stores::open("app.wasm", &grants, &Limits::default()).unwrap()
        };
        let both = stores(&["default", "other"]);
        let (empty, default) = (both.find("").unwrap(), both.find("default").unwrap());
        assert!(Arc::ptr_eq(empty, default));
        assert!(!Arc::ptr_eq(empty, both.find("other").unwrap()));
        assert!(both.find(" ").is_none() && both.find("Default").is_none());
        drop(both);
        assert!(stores(&["other"]).find("").is_none());
    }
}
