//! The functions that components export, and the types of their parameters and results.
//! Each is checked once when a component is loaded; calls rely on it.

pub(crate) mod handler;
pub(crate) mod hooks;
pub(crate) mod wasi_http;
