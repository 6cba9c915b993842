//! SQL databases.
//!
//! The operator grants an app each database by name:
//!
//! ```toml
//! [grants.sql]
//! main = "sqlite:data/app.db"
//! ```

mod columns;
mod database;
mod param;
mod params;
mod row;
mod transaction;
mod types;

pub use database::{Database, Executed};
pub use param::{ParamWriter, ToParam};
pub use params::{IntoParams, Params};
pub use row::Row;
pub use transaction::{Isolation, Transaction, TransactionOptions};
