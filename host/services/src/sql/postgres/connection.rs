//! A connection with its prepared statements.

use std::sync::Arc;
use std::time::Instant;

use hashlink::LruCache;
use tokio_postgres::{Client, Error, Statement};

use super::super::verb::{Dialect, Verb};

/// Prepared statements per connection. Each takes memory of the server, too.
const STATEMENTS: usize = 256;

pub(super) struct Connection {
    pub(super) client: Client,
    statements: LruCache<Box<str>, Arc<Prepared>>,
    /// A statement has altered the session: the next user must not get it.
    pub(super) altered: bool,
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
            statements: LruCache::new(STATEMENTS),
            altered: false,
            used: Instant::now(),
        }
    }

    /// Prepares a statement, or takes it from the cache.
    pub(super) async fn prepare(&mut self, sql: &str, verb: Verb) -> Result<Arc<Prepared>, Error> {
        if let Some(prepared) = self.statements.get(sql) {
            let prepared = prepared.clone();
            self.altered |= prepared.alters_session;
            return Ok(prepared);
        }
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
        self.altered |= prepared.alters_session;
        self.statements.insert(sql.into(), prepared.clone());
        Ok(prepared)
    }

    pub(super) fn forget(&mut self, sql: &str) {
        self.statements.remove(sql);
    }
}

/// Whether a statement leaves something behind in the session: a setting, a temporary table, a lock.
fn alters_session(sql: &str, verb: Verb) -> bool {
    let lower = sql.to_ascii_lowercase();
    verb == Verb::Session
        || ["set_config", "advisory_lock", "into temp", "setseed", "dblink", "lo_open"].iter().any(|part| lower.contains(part))
        // SET within the body of a block or function.
        || (verb == Verb::Other && lower.contains("do ") && lower.contains("set "))
}
