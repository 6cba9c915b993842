//! Databases.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::columns::{Types, read};
use super::params::IntoParams;
use super::row::{Row, unfit};
use crate::task::perform;
use crate::{Content, OperationError};

/// An SQL database that the operator has granted by name.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use spikard_wasm_sdk::{Database, HttpError, Json, NotFound, Path, get, params};
///
/// static DATABASE: Database = Database::new("main");
///
/// #[derive(Serialize, Deserialize, schemars::JsonSchema)]
/// struct User {
///     id: i64,
///     name: String,
///     email: Option<String>,
/// }
///
/// #[get("/users/{id}")]
/// async fn user(Path(id): Path<i64>) -> Result<Json<User>, HttpError> {
///     let sql = "select id, name, email from users where id = $1";
///     let user = DATABASE.first_as(sql, params![id]).await?;
///     Ok(Json(user.ok_or(NotFound)?))
/// }
/// ```
///
/// Placeholders are `$1`, `$2`, in SQLite also `?`. Never format values into SQL.
///
/// The types of [`query_as`](Self::query_as) and [`first_as`](Self::first_as) implement serde's
/// `Deserialize`: a struct with a field for each column, a tuple, or the type of the only column. A
/// column that can be null is an `Option`. Columns of bytes are `Vec<u8>`; timestamps, UUIDs and
/// decimal numbers are `String`s or types of the crates `time`, `chrono`, `uuid` and
/// `rust_decimal`. An SQLite column of JSON text can be a struct, and one of 0 and 1 a `bool`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    pub(super) name: Cow<'static, str>,
    pub(super) transaction: Option<u64>,
}

/// The result of a statement that changes rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Executed {
    /// The number of rows that an INSERT, UPDATE or DELETE changed.
    pub changes: u64,
    /// The id of the last inserted row (SQLite). In PostgreSQL, use `returning id`.
    pub last_id: Option<i64>,
}

#[derive(Serialize)]
struct Head<'a> {
    database: &'a str,
    sql: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResultHead {
    changes: u64,
    last_id: Option<i64>,
    types: Types,
}

impl Database {
    /// Returns the database with this name in the grant `sql`. Does not connect.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            transaction: None,
        }
    }

    /// As [`new`](Self::new), for a name that is known at run time.
    #[must_use]
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            transaction: None,
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a statement and returns all rows.
    ///
    /// # Errors
    /// The error of the database, or of the operation.
    pub async fn query(
        &self,
        sql: &str,
        params: impl IntoParams,
    ) -> Result<Vec<Row>, OperationError> {
        let (head, json) = self.run(sql, params).await?;
        Row::read(&json, head.types)
    }

    /// Runs a statement and returns all rows as values of `T`.
    ///
    /// # Errors
    /// As [`query`](Self::query), and if a row is not a `T` (code `conversion`).
    pub async fn query_as<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: impl IntoParams,
    ) -> Result<Vec<T>, OperationError> {
        let (head, json) = self.run(sql, params).await?;
        read(&json, &head.types).map_err(|error| unfit::<T>(&error))
    }

    /// Runs a statement and returns the first row, or `None`.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn first(
        &self,
        sql: &str,
        params: impl IntoParams,
    ) -> Result<Option<Row>, OperationError> {
        let rows = self.query(sql, params).await?;
        Ok(rows.into_iter().next())
    }

    /// Runs a statement and returns the first row as a `T`, or `None`.
    ///
    /// ```
    /// # use spikard_wasm_sdk::{Database, OperationError};
    /// # async fn example(database: Database) -> Result<(), OperationError> {
    /// let count: Option<i64> = database.first_as("select count(*) from users", ()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`query_as`](Self::query_as).
    pub async fn first_as<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: impl IntoParams,
    ) -> Result<Option<T>, OperationError> {
        let rows = self.query_as(sql, params).await?;
        Ok(rows.into_iter().next())
    }

    /// Runs a statement and returns how many rows it changed.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn execute(
        &self,
        sql: &str,
        params: impl IntoParams,
    ) -> Result<Executed, OperationError> {
        let (head, _) = self.run(sql, params).await?;
        Ok(Executed {
            changes: head.changes,
            last_id: head.last_id,
        })
    }

    async fn run(
        &self,
        sql: &str,
        params: impl IntoParams,
    ) -> Result<(ResultHead, String), OperationError> {
        let head = Head {
            database: &self.name,
            sql,
            transaction: self.transaction,
        };
        let body = match params.into_params().finish()? {
            json if json.is_empty() => Content::Empty,
            json => Content::Json(json),
        };
        let completed = perform("sql.query", &head, body).await?;
        let head = completed.head()?;
        match completed.body {
            Content::Json(json) => Ok((head, json)),
            _ => Ok((head, "[]".to_owned())),
        }
    }

    /// Returns the database of a transaction.
    pub(super) fn in_transaction(name: Cow<'static, str>, transaction: u64) -> Self {
        Self {
            name,
            transaction: Some(transaction),
        }
    }
}
