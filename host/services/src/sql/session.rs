//! The operations of one task.

use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::{Failed, Outcome, Payload};

use super::databases::{Database, Databases, Transaction};
use super::failure::{invalid, not_granted, transaction_ended};
use super::head;

/// Transactions that a task may have open at once.
const MOST_OPEN: usize = 16;

/// An operation in progress. It may be dropped at any time.
pub type Pending = Pin<Box<dyn Future<Output = Result<Outcome, Failed>> + Send + 'static>>;

/// The operations of one task on the databases. Creating one costs nothing.
///
/// Dropping it rolls back the open transactions of the task: at once, or when the operations that are still in progress end
/// or are dropped.
#[derive(Default)]
pub struct Session {
    databases: Option<Arc<Databases>>,
    open: OnceLock<Arc<Open>>,
}

/// The open transactions of a task.
#[derive(Default)]
struct Open {
    last: AtomicU32,
    transactions: Mutex<HashMap<u32, Arc<Slot>>>,
}

/// A transaction; absent after its end. The lock queues the statements of a transaction.
struct Slot {
    database: String,
    transaction: tokio::sync::Mutex<Option<Transaction>>,
}

impl Session {
    /// Creates the session of a task.
    #[must_use]
    pub fn new(databases: &Arc<Databases>) -> Self {
        Self {
            databases: Some(databases.clone()),
            open: OnceLock::new(),
        }
    }

    /// Starts an operation. Returns `None` if the kind is unknown.
    ///
    /// # Panics
    /// The future panics if it is polled outside of a tokio runtime with timers and I/O.
    pub fn run(&self, kind: &str, head: &str, body: Payload) -> Option<Pending> {
        let started = match kind {
            "sql.query" => self.query(head, body),
            "sql.begin" => self.begin(head),
            "sql.commit" => self.end(kind, head, true),
            "sql.rollback" => self.end(kind, head, false),
            _ => return None,
        };
        Some(started.unwrap_or_else(|failed| Box::pin(ready(Err(failed)))))
    }

    fn database(&self, name: &str) -> Result<Database, Failed> {
        match &self.databases {
            Some(databases) => databases.get(name).cloned(),
            None => Err(not_granted(name)),
        }
    }

    fn query(&self, head: &str, body: Payload) -> Result<Pending, Failed> {
        let query: head::Query<'_> = head::parse("sql.query", head)?;
        let sql = query.sql.into_owned();
        let Some(number) = query.transaction else {
            let name = query
                .database
                .ok_or_else(|| invalid("the head of `sql.query` has no member `database`"))?;
            let database = self.database(&name)?;
            return Ok(Box::pin(database.query(sql, body)));
        };
        let slot = self
            .open
            .get()
            .and_then(|open| open.get(number))
            .ok_or_else(transaction_ended)?;
        if let Some(name) = query.database
            && name != slot.database
        {
            return Err(invalid(format!(
                "transaction {number} belongs to the database `{}`",
                slot.database
            )));
        }
        Ok(Box::pin(async move {
            let mut transaction = slot.transaction.lock().await;
            // If this future is dropped, the transaction is dropped with it.
            let current = transaction.take().ok_or_else(transaction_ended)?;
            let (rest, result) = current.query(sql, body).await;
            *transaction = rest;
            result
        }))
    }

    fn begin(&self, head: &str) -> Result<Pending, Failed> {
        let begin: head::Begin<'_> = head::parse("sql.begin", head)?;
        let database = self.database(&begin.database)?;
        let name = begin.database.into_owned();
        let (read_only, isolation) = (begin.read_only, begin.isolation);
        let open = self.open.get_or_init(Arc::default).clone();
        if open.lock().len() >= MOST_OPEN {
            return Err(Failed::new(
                "too-many",
                format!(
                    "the task has {MOST_OPEN} open transactions; commit them, or roll them back"
                ),
            ));
        }
        Ok(Box::pin(async move {
            let transaction = database.begin(read_only, isolation).await?;
            let number = open.last.fetch_add(1, Relaxed) + 1;
            let slot = Slot {
                database: name,
                transaction: tokio::sync::Mutex::new(Some(transaction)),
            };
            open.lock().insert(number, Arc::new(slot));
            Ok(Outcome::new(
                format!("{{\"transaction\":{number}}}"),
                Payload::Empty,
            ))
        }))
    }

    fn end(&self, kind: &str, head: &str, commit: bool) -> Result<Pending, Failed> {
        let end: head::End = head::parse(kind, head)?;
        let slot = self
            .open
            .get()
            .and_then(|open| open.lock().remove(&end.transaction))
            .ok_or_else(transaction_ended)?;
        Ok(Box::pin(async move {
            let transaction = slot.transaction.lock().await.take();
            match transaction {
                Some(transaction) if commit => transaction.commit().await?,
                Some(transaction) => transaction.roll_back().await?,
                // It has ended after an error, which is what a rollback asks for.
                None if commit => return Err(transaction_ended()),
                None => {}
            }
            Ok(Outcome::new(String::new(), Payload::Empty))
        }))
    }
}

impl Open {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Arc<Slot>>> {
        self.transactions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, number: u32) -> Option<Arc<Slot>> {
        self.lock().get(&number).cloned()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.open.get().map_or(0, |open| open.lock().len());
        formatter
            .debug_struct("Session")
            .field("open", &open)
            .finish_non_exhaustive()
    }
}
