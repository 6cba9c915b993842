//! Errors of operations.

use std::error::Error;
use std::fmt;

use serde::Deserialize;

/// An operation failed: a query, an outgoing request, a key-value store, ...
///
/// With `?` in a handler it becomes status 500, and the host logs the message. Match on
/// [`code`](Self::code) to answer something else:
///
/// ```
/// # use spikard_wasm_sdk::{Database, HttpError, OperationError, params};
/// # const DB: Database = Database::new("main");
/// async fn add(email: &str) -> Result<(), HttpError> {
///     match DB.execute("insert into users (email) values ($1)", params![email]).await {
///         Err(error) if error.is_unique() => Err(HttpError::conflict("this email is taken")),
///         other => Ok(other.map(drop)?),
///     }
/// }
/// ```
///
/// | code | meaning |
/// |---|---|
/// | `invalid` | the arguments are wrong: a defect of the app |
/// | `unknown-kind` | the host is older than the SDK |
/// | `denied` | the operator has not granted it; the message names the line for `spikard.toml` |
/// | `too-many` | too many operations in progress, or a pool is exhausted |
/// | `too-large` | a value or a result is larger than its limit |
/// | `timeout` | the time limit of the operation has passed |
/// | `unavailable` | the service cannot be reached, or has closed the connection |
/// | `would-block` | blocking code in an instance that handles several requests at once |
/// | `cancelled` | another request had started the operation, and has ended |
/// | `unique`, `foreign-key`, `not-null`, `check` | a constraint of the database |
/// | `serialization`, `busy` | repeat the transaction |
/// | `read-only`, `syntax`, `sql` | other errors of the database |
/// | `invalid-token` | a JSON Web Token is not valid |
/// | `status` | another service answered with an error |
/// | `conversion` | a result does not have the type that the app asked for |
/// | `failed` | anything else |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationError {
    // A box, because results that hold the error should be small.
    parts: Box<Parts>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Parts {
    code: String,
    message: String,
    constraint: Option<String>,
    table: Option<String>,
    columns: Vec<String>,
    sqlstate: Option<String>,
    reason: Option<String>,
    #[serde(skip)]
    status: Option<u16>,
}

impl OperationError {
    /// Creates an error, for example in a test.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let parts = Parts {
            code: code.into(),
            message: message.into(),
            ..Parts::default()
        };
        Self {
            parts: Box::new(parts),
        }
    }

    /// Reads the head of a failed operation.
    pub(crate) fn parse(head: &str) -> Self {
        match serde_json::from_str(head) {
            Ok(parts) => Self {
                parts: Box::new(parts),
            },
            Err(_) => Self::new("failed", format!("the host gave no reason: `{head}`")),
        }
    }

    pub(crate) fn conversion(message: impl Into<String>) -> Self {
        Self::new("conversion", message)
    }

    pub(crate) fn of_status(status: u16, message: String) -> Self {
        let mut error = Self::new("status", message);
        error.parts.status = Some(status);
        error
    }

    pub(crate) fn outside(kind: &str) -> Self {
        let message = format!(
            "`{kind}` was polled by something other than the SDK; await it in an `async` handler or hook, or use `spikard_wasm_sdk::blocking`"
        );
        Self::new("invalid", message)
    }

    /// Returns the code, such as `unique`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.parts.code
    }

    /// Returns the sentence for the developer.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.parts.message
    }

    /// Returns true if a row with the same values exists.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        self.code() == "unique"
    }

    /// Returns true if the time limit of the operation has passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.code() == "timeout"
    }

    /// Returns the name of the constraint, as far as the database reports it.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.parts.constraint.as_deref()
    }

    /// Returns the table of the constraint, as far as the database reports it.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.parts.table.as_deref()
    }

    /// Returns the columns of the constraint, as far as the database reports them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.parts.columns
    }

    /// Returns the database's own code.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        self.parts.sqlstate.as_deref()
    }

    /// Returns the status of a response, for an error of
    /// [`error_for_status`](crate::http::Response::error_for_status).
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.parts.status
    }

    /// Returns why a token is not valid.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.parts.reason.as_deref()
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (`{}`)", self.message(), self.code())
    }
}

impl Error for OperationError {}
