//! What answers requests. Each trigger holds only what differs; what all share is in
//! [`crate::exchange`].

pub(crate) mod builtin;
pub(crate) mod handler;
mod hooks;
pub(crate) mod not_found;
pub(crate) mod wasi_http;
