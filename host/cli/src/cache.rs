//! Which cache of compiled components a command uses.

use spikard_wasm_runtime::Cache;

use crate::args::CacheArgs;

impl CacheArgs {
    /// The cache that was asked for; `None` for none, and where the user has no
    /// cache folder.
    pub(crate) fn cache(&self) -> Option<Cache> {
        if self.no_cache {
            return None;
        }
        let folder = self.cache_dir.clone();
        let folder = folder.or_else(|| Some(dirs::cache_dir()?.join("spikard-wasm")));
        if folder.is_none() {
            tracing::warn!("there is no cache folder for this user; `--cache-dir` names one");
        }
        folder.map(Cache::new)
    }
}
