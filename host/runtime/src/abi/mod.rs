//! The functions that components export, and the types of their parameters and results.
//!
//! The host checks the type of each export once, when it loads a component. Calls skip the check.

pub(crate) mod handler;
pub(crate) mod hooks;
pub(crate) mod resumable;
pub(crate) mod wasi_http;
