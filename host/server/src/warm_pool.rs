//! An instance pool with the task that keeps it warm.

use std::ops::Deref;
use std::rc::Rc;

use spikard_wasm_runtime::Pool;
use tokio::task::AbortHandle;

/// A pool and its keeper task, which ends with it.
pub(crate) struct WarmPool {
    pool: Rc<Pool>,
    keeper: AbortHandle,
}

impl WarmPool {
    pub(crate) fn new(pool: Pool, serves_fresh: bool) -> Self {
        let pool = Rc::new(pool);
        let shared = pool.clone();
        let keeper = tokio::task::spawn_local(async move { shared.keep(serves_fresh).await });
        Self {
            pool,
            keeper: keeper.abort_handle(),
        }
    }
}

impl Deref for WarmPool {
    type Target = Rc<Pool>;

    fn deref(&self) -> &Rc<Pool> {
        &self.pool
    }
}

impl Drop for WarmPool {
    fn drop(&mut self) {
        self.keeper.abort();
        self.pool.close();
    }
}
