//! Serves HTTP: the one crate that names hyper.
//!
//! One thread accepts connections and gives each to the worker that has fewest.
//! A worker is a thread with an async runtime and a pool of instances of its own,
//! so that a request never changes threads and a lease takes no lock. Which app a
//! request goes to is in `site.rs`; what happens to it there, in which order, is in
//! `pipeline.rs` and nowhere else.

mod access;
mod admission;
mod body;
mod connection;
mod docs;
mod error;
mod failure;
mod handle;
mod hooks;
mod http_app;
mod internal;
mod listener;
mod metrics;
mod nowhere;
mod outgoing;
mod pipeline;
mod policy;
mod reply_body;
mod request;
mod response;
mod served;
mod server;
mod service;
mod settings;
mod shutdown;
mod site;
mod timing;
mod watched;
mod worker;

pub use docs::Docs;
pub use error::ServeError;
pub use handle::Handle;
pub use http_app::HttpSettings;
pub use listener::Listener;
pub use outgoing::Outgoing;
pub use served::Served;
pub use server::serve;
pub use settings::{AppSettings, Metrics, Settings};
