//! Triggers: the ways to answer a request. [`crate::exchange`] defines the steps that all triggers
//! share, and each module here the steps of one trigger.

pub(crate) mod builtin;
pub(crate) mod handler;
mod hooks;
pub(crate) mod not_found;
pub(crate) mod wasi_http;
