//! The databases that the operator has granted.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::{Failed, Outcome, Payload};

use super::failure::not_granted;
use super::head::Isolation;
use super::location::Kind;
use super::postgres::{self, Postgres};
use super::sqlite::{self, Sqlite};
use super::{Location, SqlLimits};

/// The databases that the operator has granted, by name. Shared by all workers.
pub struct Databases {
    by_name: HashMap<String, Database>,
}

impl Databases {
    /// Opens the SQLite databases and creates those that do not exist. PostgreSQL connects with the first operation: a
    /// server that is down does not stop the host.
    ///
    /// # Errors
    /// Returns which database cannot be opened and why.
    pub fn open(locations: &BTreeMap<String, Location>, limits: SqlLimits) -> Result<Self, String> {
        let mut by_name = HashMap::with_capacity(locations.len());
        for (name, location) in locations {
            let database = Database::open(location, limits)
                .map_err(|error| format!("database `{name}`: {error}"))?;
            by_name.insert(name.clone(), database);
        }
        Ok(Self { by_name })
    }

    /// Returns the names of the databases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Result<&Database, Failed> {
        self.by_name.get(name).ok_or_else(|| not_granted(name))
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Databases")
            .field(&self.by_name.keys())
            .finish()
    }
}

#[derive(Clone)]
pub(super) enum Database {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Database {
    fn open(location: &Location, limits: SqlLimits) -> Result<Self, String> {
        Ok(match &location.0 {
            Kind::File(path) => Self::Sqlite(Arc::new(Sqlite::open(Some(path.clone()), limits)?)),
            Kind::Memory => Self::Sqlite(Arc::new(Sqlite::open(None, limits)?)),
            Kind::Postgres(config) => Self::Postgres(Arc::new(Postgres::new(config, limits))),
        })
    }

    pub(super) async fn query(self, sql: String, body: Payload) -> Result<Outcome, Failed> {
        match self {
            Self::Sqlite(sqlite) => sqlite.query(sql, body).await,
            Self::Postgres(postgres) => postgres.query(sql, body).await,
        }
    }

    pub(super) async fn begin(
        self,
        read_only: bool,
        isolation: Option<Isolation>,
    ) -> Result<Transaction, Failed> {
        Ok(match self {
            Self::Sqlite(sqlite) => Transaction::Sqlite(sqlite.begin(read_only).await?),
            Self::Postgres(postgres) => {
                Transaction::Postgres(postgres.begin(read_only, isolation).await?)
            }
        })
    }
}

/// An open transaction. Dropping it rolls it back.
pub(super) enum Transaction {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

impl Transaction {
    /// Runs a statement. Returns the transaction unless it has ended.
    pub(super) async fn query(
        self,
        sql: String,
        body: Payload,
    ) -> (Option<Self>, Result<Outcome, Failed>) {
        match self {
            Self::Sqlite(transaction) => {
                let (transaction, result) = transaction.query(sql, body).await;
                (transaction.map(Self::Sqlite), result)
            }
            Self::Postgres(transaction) => {
                let (transaction, result) = transaction.query(sql, body).await;
                (transaction.map(Self::Postgres), result)
            }
        }
    }

    pub(super) async fn commit(self) -> Result<(), Failed> {
        match self {
            Self::Sqlite(transaction) => transaction.commit(),
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }

    pub(super) async fn roll_back(self) -> Result<(), Failed> {
        match self {
            Self::Sqlite(transaction) => {
                drop(transaction);
                Ok(())
            }
            Self::Postgres(transaction) => transaction.roll_back().await,
        }
    }
}
