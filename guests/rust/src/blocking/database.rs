//! The blocking twin of databases.

use serde::de::DeserializeOwned;

use super::run::{block_on, twins};
use crate::{Executed, IntoParams, OperationError, Row, TransactionOptions};

/// The blocking twin of [`Database`](crate::Database).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    inner: crate::Database,
}

impl Database {
    /// Returns the database with this name in the grant `sql`. Does not connect.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            inner: crate::Database::new(name),
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    twins! {
        /// Runs a statement and returns all rows.
        ///
        /// # Errors
        /// The error of the database, or of the operation.
        fn query(&self, sql: &str, params: impl IntoParams) -> Result<Vec<Row>, OperationError>;

        /// Runs a statement and returns all rows as values of `T`.
        ///
        /// # Errors
        /// As [`query`](Self::query), and if a row is not a `T` (code `conversion`).
        fn query_as<T: DeserializeOwned>(
            &self,
            sql: &str,
            params: impl IntoParams
        ) -> Result<Vec<T>, OperationError>;

        /// Runs a statement and returns the first row, or `None`.
        ///
        /// # Errors
        /// As [`query`](Self::query).
        fn first(&self, sql: &str, params: impl IntoParams) -> Result<Option<Row>, OperationError>;

        /// Runs a statement and returns the first row as a `T`, or `None`.
        ///
        /// # Errors
        /// As [`query_as`](Self::query_as).
        fn first_as<T: DeserializeOwned>(
            &self,
            sql: &str,
            params: impl IntoParams
        ) -> Result<Option<T>, OperationError>;

        /// Runs a statement and returns how many rows it changed.
        ///
        /// # Errors
        /// As [`query`](Self::query).
        fn execute(&self, sql: &str, params: impl IntoParams) -> Result<Executed, OperationError>;
    }

    /// Runs `work` in a transaction: commits it if the result is `Ok`, and rolls it back if it is
    /// `Err`.
    ///
    /// # Errors
    /// The error of `work`, or of the database.
    pub fn transaction<T, E: From<OperationError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction_with(TransactionOptions::new(), work)
    }

    /// As [`transaction`](Self::transaction), with options.
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction).
    pub fn transaction_with<T, E: From<OperationError>>(
        &self,
        options: TransactionOptions,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let work = async |inner: &crate::Database| {
            work(&Self {
                inner: inner.clone(),
            })
        };
        block_on(self.inner.transaction_with(options, work))
    }
}
