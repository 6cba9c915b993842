//! The connections of one worker.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};

use crate::Failed;

use super::super::SqlLimits;
use super::super::failure::stopped;
use super::connection::{Connection, FRESH, notice_close};
use super::error::{too_many_connections, unavailable};
use super::sharing::Sharing;

/// Operations that may wait for a connection, per connection.
const WAITING: usize = 64;
/// Time between two attempts while the server has too many connections.
const PAUSE: Duration = Duration::from_millis(50);
/// Time between two lines in the log about connections that fail.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

pub(super) struct Pool {
    config: Config,
    pub(super) limits: SqlLimits,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    idle: Mutex<VecDeque<Connection>>,
    logged: Mutex<Option<Instant>>,
    pub(super) sharing: Sharing,
}

impl Pool {
    pub(super) fn new(config: Config, limits: SqlLimits) -> Self {
        Self {
            config,
            limits,
            permits: Arc::new(Semaphore::new(limits.pool)),
            waiting: AtomicUsize::new(0),
            idle: Mutex::default(),
            logged: Mutex::default(),
            sharing: Sharing::default(),
        }
    }

    pub(super) async fn permit(&self) -> Result<OwnedSemaphorePermit, Failed> {
        match self.permits.clone().try_acquire_owned() {
            Ok(permit) => return Ok(permit),
            Err(TryAcquireError::Closed) => return Err(stopped()),
            Err(TryAcquireError::NoPermits) => {}
        }
        let exhausted = |reason: &str| {
            Failed::new(
                "too-many",
                format!(
                    "all {} connections of this worker to the database are in use{reason}; keep transactions short",
                    self.limits.pool
                ),
            )
        };
        let _waiting = Waiting::new(&self.waiting);
        if self.waiting.load(Relaxed) > self.limits.pool * WAITING {
            return Err(exhausted(" and too many operations wait for one"));
        }
        match tokio::time::timeout(self.limits.wait, self.permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(stopped()),
            Err(_) => Err(exhausted(&format!(
                " and none was free within {:?}",
                self.limits.wait
            ))),
        }
    }

    pub(super) async fn take_idle(&self) -> Option<Connection> {
        loop {
            // The last one used has the warmest caches, and lets the others grow old.
            let connection = self.idle().pop_back()?;
            if connection.used.elapsed() > FRESH {
                notice_close().await;
            }
            if !connection.client.is_closed() {
                return Some(connection);
            }
        }
    }

    pub(super) async fn connect(&self) -> Result<Connection, Failed> {
        let started = Instant::now();
        loop {
            let error = match self.connect_once().await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            self.log(&error);
            if error.code() != Some(&SqlState::TOO_MANY_CONNECTIONS) {
                return Err(unavailable(&error));
            }
            // Others have the server's connections, perhaps this worker.
            if started.elapsed() > self.limits.wait {
                return Err(too_many_connections());
            }
            tokio::time::sleep(PAUSE).await;
            if let Some(connection) = self.take_idle().await {
                return Ok(connection);
            }
        }
    }

    pub(super) async fn connect_once(&self) -> Result<Connection, tokio_postgres::Error> {
        let (client, connection) = self.config.connect(NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to PostgreSQL ended");
            }
        });
        let milliseconds = self.limits.time.as_millis().max(1);
        client
            .batch_execute(&format!(
                "set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set standard_conforming_strings = on; \
                 set statement_timeout = {milliseconds}"
            ))
            .await?;
        Ok(Connection::new(client))
    }

    /// Tells the operator; the app gets an error without addresses.
    fn log(&self, error: &tokio_postgres::Error) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_none_or(|last| last.elapsed() > LOG_INTERVAL) {
            *logged = Some(Instant::now());
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(%error, cause, "connection to PostgreSQL failed");
        }
    }

    pub(super) fn put_back(&self, mut connection: Connection) {
        if !connection.is_altered() && !connection.client.is_closed() {
            connection.used = Instant::now();
            self.idle().push_back(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts an operation that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
