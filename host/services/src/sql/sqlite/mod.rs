//! SQLite databases.
//!
//! Statements that read run in place, on the worker's thread, with a connection of the pool of readers: a thread switch
//! costs more than most of them. The few that take longer than a millisecond are interrupted and repeated on a thread of
//! their own. One connection writes; who needs it waits without blocking the worker. A database in memory has only that
//! connection.

mod authorizer;
mod bind;
mod connection;
mod control;
mod database;
mod error;
mod lease;
mod migrate;
mod query;
mod run;
#[cfg(test)]
mod tests;
mod transaction;

pub(super) use self::database::Sqlite;
pub(super) use self::transaction::Transaction;
