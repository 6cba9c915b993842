//! Services of the host that apps use through operations: SQL databases and cryptography.
//!
//! The runtime grants and calls them; this crate knows neither components nor HTTP.

pub mod crypto;
mod outcome;
pub mod sql;

pub use outcome::{Failed, Outcome, Payload};
