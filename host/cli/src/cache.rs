//! Which cache of compiled components a command uses.

use std::path::Path;

use spikard_wasm_runtime::Cache;

use crate::args::CacheArgs;

impl CacheArgs {
    /// The cache that was asked for.
    pub(crate) fn cache(&self) -> Option<Cache> {
        open(self.no_cache, self.cache_dir.as_deref())
    }
}

/// The cache in a folder, or in the user's own; `None` where none is wanted, and where
/// the user has no cache folder.
pub(crate) fn open(no_cache: bool, folder: Option<&Path>) -> Option<Cache> {
    if no_cache {
        return None;
    }
    let folder = folder.map(Path::to_owned);
    let folder = folder.or_else(|| Some(dirs::cache_dir()?.join("spikard-wasm")));
    if folder.is_none() {
        tracing::warn!("there is no cache folder for this user; `--cache-dir` names one");
    }
    folder.map(Cache::new)
}
