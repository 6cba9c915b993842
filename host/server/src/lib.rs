//! Serves HTTP: the one crate that names hyper.
//!
//! One thread accepts connections and gives each to the worker that has fewest.
//! A worker is a thread with an async runtime and a pool of instances of its own,
//! so that a request never changes threads and a lease takes no lock. What happens
//! to a request, in which order, is in `pipeline.rs` and nowhere else.

mod access;
mod admission;
mod body;
mod connection;
mod docs;
mod error;
mod failure;
mod hooks;
mod http_app;
mod listener;
mod metrics;
mod outgoing;
mod pipeline;
mod policy;
mod reply_body;
mod request;
mod response;
mod server;
mod service;
mod settings;
mod shutdown;
mod timing;
mod watched;
mod worker;

pub use docs::Docs;
pub use error::ServeError;
pub use http_app::HttpSettings;
pub use listener::Listener;
pub use outgoing::Outgoing;
pub use server::serve;
pub use settings::{Metrics, Settings};
