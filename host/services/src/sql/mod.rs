//! SQL databases: SQLite in the process, and PostgreSQL servers.

mod location;

pub use location::Location;
