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

/// # Transactions
impl Database {
    /// Runs `work` in a transaction: commits it if the result is `Ok`, and rolls it back if it is
    /// `Err`.
    ///
    /// ```
    /// # use spikard_wasm_sdk::{Database, HttpError, params};
    /// # async fn example(database: Database, from: i64, to: i64) -> Result<(), HttpError> {
    /// database
    ///     .transaction(async |database| {
    ///         let sql = "update accounts set balance = balance - 10 where id = $1 and balance >= 10";
    ///         if database.execute(sql, params![from]).await?.changes == 0 {
    ///             return Err(HttpError::conflict("the balance is too low"));
    ///         }
    ///         let sql = "update accounts set balance = balance + 10 where id = $1";
    ///         database.execute(sql, params![to]).await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of `work`, or of the database.
    pub async fn transaction<T, E: From<OperationError>>(
        &self,
        work: impl AsyncFnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction_with(TransactionOptions::new(), work).await
    }

    /// As [`transaction`](Self::transaction), with options.
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction).
    pub async fn transaction_with<T, E: From<OperationError>>(
        &self,
        options: TransactionOptions,
        work: impl AsyncFnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin_with(options).await?;
        match work(&transaction).await {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The error of the work says more than one of the rollback, which the host
                // repeats at the end of the request.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    /// Begins a transaction. It is rolled back unless you [`commit`](Transaction::commit) it.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn begin(&self) -> Result<Transaction, OperationError> {
        self.begin_with(TransactionOptions::new()).await
    }

    /// As [`begin`](Self::begin), with options.
    ///
    /// # Errors
    /// As [`query`](Self::query), and if this is a transaction already.
    pub async fn begin_with(
        &self,
        options: TransactionOptions,
    ) -> Result<Transaction, OperationError> {
        if self.transaction.is_some() {
            return Err(OperationError::new(
                "invalid",
                "a transaction cannot begin inside another one; pass the outer one on",
            ));
        }
        Transaction::begin(self.name.clone(), options).await
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
