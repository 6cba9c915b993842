//! Triggers: the ways to answer a request. Each holds only what differs from the others;
//! the common order is in [`crate::exchange`].

pub(crate) mod builtin;
pub(crate) mod handler;
mod hooks;
pub(crate) mod not_found;
pub(crate) mod wasi_http;
