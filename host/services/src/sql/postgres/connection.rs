//! A connection with its prepared statements.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LruCache;
use tokio_postgres::{Client, Error, Statement};

use super::super::verb::{Dialect, Verb};

/// Prepared statements per connection. Each takes memory of the server, too.
const STATEMENTS: usize = 256;
/// How long a connection may be idle before it is checked.
pub(super) const FRESH: Duration = Duration::from_millis(500);

pub(super) struct Connection {
    pub(super) client: Client,
    statements: Mutex<LruCache<Box<str>, Arc<Prepared>>>,
    /// A statement has altered the session: the next user must not get it.
    altered: AtomicBool,
    /// Time of the last use.
    pub(super) used: Instant,
}

pub(super) struct Prepared {
    pub(super) statement: Statement,
    /// The statement changes rows: the number that the server reports is not that of rows it has read.
    pub(super) changes: bool,
    alters_session: bool,
}

impl Connection {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            statements: Mutex::new(LruCache::new(STATEMENTS)),
            altered: AtomicBool::new(false),
            used: Instant::now(),
        }
    }

    /// Prepares a statement, or takes it from the cache.
    pub(super) async fn prepare(&self, sql: &str, verb: Verb) -> Result<Arc<Prepared>, Error> {
        let cached = self.statements().get(sql).cloned();
        let prepared = match cached {
            Some(prepared) => prepared,
            None => {
                let statement = self.client.prepare(sql).await?;
                let main = if verb == Verb::With {
                    Verb::main_of_with(sql, Dialect::Postgres)
                } else {
                    verb
                };
                let prepared = Arc::new(Prepared {
                    statement,
                    changes: main == Verb::Change,
                    alters_session: alters_session(sql, verb),
                });
                self.statements().insert(sql.into(), prepared.clone());
                prepared
            }
        };
        if prepared.alters_session {
            self.altered.store(true, Relaxed);
        }
        Ok(prepared)
    }

    pub(super) fn forget(&self, sql: &str) {
        self.statements().remove(sql);
    }

    pub(super) fn is_altered(&self) -> bool {
        self.altered.load(Relaxed)
    }

    fn statements(&self) -> MutexGuard<'_, LruCache<Box<str>, Arc<Prepared>>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the tasks of connections see that the server has closed them: first the runtime looks for events, then the tasks
/// run.
pub(super) async fn notice_close() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// Whether a statement leaves something behind in the session: a setting, a temporary table, a lock.
pub(super) fn alters_session(sql: &str, verb: Verb) -> bool {
    let lower = sql.to_ascii_lowercase();
    verb == Verb::Session
        || ["set_config", "advisory_lock", "into temp", "setseed", "dblink", "lo_open"].iter().any(|part| lower.contains(part))
        // SET within the body of a block or function.
        || (verb == Verb::Other && lower.contains("do ") && lower.contains("set "))
}
