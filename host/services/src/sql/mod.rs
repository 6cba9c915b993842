//! SQL databases: SQLite in the process, and PostgreSQL servers.
//!
//! [`Databases`] holds what the operator has granted and is shared by all workers. A [`Session`] belongs to one task: it
//! runs the operations `sql.*` of `docs/operations.md` and owns the task's transactions, which are rolled back when it is
//! dropped. Every future may be dropped at any time: SQLite interrupts the statement, PostgreSQL cancels it and the
//! connection is discarded.

mod databases;
mod failure;
mod head;
mod limits;
mod location;
pub mod migrate;
mod param;
mod postgres;
mod rows;
mod session;
mod sqlite;
mod verb;

pub use databases::Databases;
pub use limits::SqlLimits;
pub use location::Location;
pub use session::{Pending, Session};
