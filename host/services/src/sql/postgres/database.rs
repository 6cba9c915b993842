//! A PostgreSQL database with the pools of its workers.

use std::sync::Arc;
use std::time::Duration;

use thread_local::ThreadLocal;
use tokio_postgres::Config;

use super::super::SqlLimits;
use super::pool::Pool;

/// How much longer than the server the host waits for a statement, so that the server's error arrives.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// A PostgreSQL database.
pub(crate) struct Postgres {
    config: Config,
    pub(super) limits: SqlLimits,
    pools: ThreadLocal<Arc<Pool>>,
}

impl Postgres {
    pub(crate) fn new(config: &Config, limits: SqlLimits) -> Self {
        let mut config = config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(limits.wait);
        }
        // Keepalives detect a vanished peer within a minute instead of hours.
        config.keepalives_idle(Duration::from_secs(30));
        config.keepalives_interval(Duration::from_secs(10));
        config.keepalives_retries(3);
        if config.get_application_name().is_none() {
            config.application_name("spikard-wasm");
        }
        Self {
            config,
            limits,
            pools: ThreadLocal::new(),
        }
    }

    /// The pool of this thread.
    pub(super) fn pool(&self) -> &Arc<Pool> {
        self.pools
            .get_or(|| Arc::new(Pool::new(self.config.clone(), self.limits)))
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }
}
