//! PostgreSQL databases.
//!
//! Each worker has a pool of connections of its own: a connection lives on the runtime that opened it. A statement has a
//! connection for itself, or shares one with other quick statements (`sharing`). What happens to the connection afterwards
//! is decided when its lease is dropped, so that a dropped future is the same as any other end: a statement in progress is
//! cancelled and its connection closed, and an open transaction is rolled back.

mod array;
mod bind;
mod cell;
mod connection;
mod database;
mod error;
mod format;
mod lease;
mod migrate;
mod moment;
mod numeric;
mod pool;
mod query;
mod run;
mod seat;
mod sharing;
mod transaction;

pub(super) use self::database::Postgres;
pub(super) use self::transaction::Transaction;
