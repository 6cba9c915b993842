//! Transactions.

use std::borrow::Cow;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::database::Database;
use crate::task::{self, perform};
use crate::{Content, OperationError};

/// A transaction of a [`Database`]. It has the methods of the database, and so a function that takes
/// a `&Database` works with both.
///
/// It is rolled back when it is dropped without [`commit`](Self::commit), and when its request ends
/// for whatever reason.
#[derive(Debug)]
#[must_use = "a transaction is rolled back when it is dropped"]
pub struct Transaction {
    database: Database,
    number: u64,
    is_open: bool,
}

/// Options of a transaction.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "options do nothing until a transaction begins with them"]
pub struct TransactionOptions {
    read_only: bool,
    isolation: Option<Isolation>,
}

/// How far a transaction is isolated from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Isolation {
    /// Each statement sees what was committed before it.
    ReadCommitted,
    /// All statements see what was committed before the first one.
    RepeatableRead,
    /// As if transactions ran one after another. A statement or the commit fails with the code
    /// `serialization` if that is impossible; repeat the transaction then.
    Serializable,
}

impl TransactionOptions {
    /// The database's defaults.
    pub const fn new() -> Self {
        Self {
            read_only: false,
            isolation: None,
        }
    }

    /// Refuses statements that change the database.
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets the isolation.
    pub const fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }
}

#[derive(Serialize)]
struct BeginHead<'a> {
    database: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    isolation: Option<Isolation>,
}

#[derive(Serialize, Deserialize)]
struct TransactionHead {
    transaction: u64,
}

impl Transaction {
    pub(super) async fn begin(
        name: Cow<'static, str>,
        options: TransactionOptions,
    ) -> Result<Self, OperationError> {
        let head = BeginHead {
            database: &name,
            read_only: options.read_only,
            isolation: options.isolation,
        };
        let completed = perform("sql.begin", &head, Content::Empty).await?;
        let TransactionHead { transaction } = completed.head()?;
        Ok(Self {
            database: Database::in_transaction(name, transaction),
            number: transaction,
            is_open: true,
        })
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// The error of the database, such as `serialization`. The transaction is rolled back then.
    pub async fn commit(self) -> Result<(), OperationError> {
        self.end("sql.commit").await
    }

    /// Rolls the transaction back.
    ///
    /// # Errors
    /// The error of the database.
    pub async fn rollback(self) -> Result<(), OperationError> {
        self.end("sql.rollback").await
    }

    async fn end(mut self, kind: &'static str) -> Result<(), OperationError> {
        self.is_open = false;
        end(kind, self.number).await
    }
}

async fn end(kind: &'static str, transaction: u64) -> Result<(), OperationError> {
    let head = TransactionHead { transaction };
    perform(kind, &head, Content::Empty).await.map(drop)
}

impl Deref for Transaction {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.is_open {
            let number = self.number;
            task::clean_up(async move {
                // The host rolls back at the end of the request what cannot be rolled back now.
                let _ = end("sql.rollback", number).await;
            });
        }
    }
}
