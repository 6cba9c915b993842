//! Selects the cache of compiled components.

use std::path::Path;

use spikard_wasm_runtime::Cache;

use crate::args::CacheArgs;

impl CacheArgs {
    /// The cache that the flags select; `None` if it is disabled.
    pub(crate) fn cache(&self) -> Option<Cache> {
        open(self.no_cache, self.cache_dir.as_deref())
    }
}

/// Opens the cache in a folder, by default in the user's cache directory. `None` if the cache
/// is disabled, or if the user has no cache directory.
pub(crate) fn open(no_cache: bool, folder: Option<&Path>) -> Option<Cache> {
    if no_cache {
        return None;
    }
    let folder = folder.map(Path::to_owned);
    let folder = folder.or_else(|| Some(dirs::cache_dir()?.join("spikard-wasm")));
    if folder.is_none() {
        tracing::warn!(
            "no cache directory for this user; compiled components are not cached; pass --cache-dir"
        );
    }
    folder.map(Cache::new)
}
