//! Limits of the operations on databases.

use std::time::Duration;

/// Limits of the operations on databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlLimits {
    /// Maximum size of the rows of one statement as JSON, in bytes.
    pub result_bytes: usize,
    /// Maximum size of the text of a statement, in bytes.
    pub statement_bytes: usize,
    /// Maximum time of an operation.
    pub time: Duration,
    /// Maximum time that an operation waits for a connection, and in a SQLite database for the writer or for other slow
    /// statements.
    pub wait: Duration,
    /// Maximum number of connections per worker to a PostgreSQL database, and of slow statements at once in a SQLite database.
    pub pool: usize,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self {
            result_bytes: 16 << 20,
            statement_bytes: 1 << 20,
            time: Duration::from_secs(30),
            wait: Duration::from_secs(5),
            pool: 16,
        }
    }
}
