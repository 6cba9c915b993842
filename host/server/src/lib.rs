//! Serves HTTP: the one crate that names hyper.
//!
//! One thread accepts connections and gives each to the worker that has fewest.
//! A worker is a thread with an async runtime and a pool of instances of its own,
//! so that a request never changes threads and a lease takes no lock. `app_router.rs`
//! finds the app of a request; `exchange` takes the request to its response, in one
//! order for every app; the triggers contain what differs between them.

mod access;
mod admission;
mod app_router;
mod arrival;
mod body;
mod body_activity;
mod connection;
mod docs;
mod error;
mod exchange;
mod failure;
mod handle;
mod head;
mod hosted_app;
mod internal;
mod listener;
mod metrics;
mod outgoing;
mod policy;
mod reply_body;
mod request;
mod response;
mod server;
mod settings;
mod shared;
mod shutdown;
mod timing;
mod triggers;
mod warm_pool;
mod worker;
mod worker_app;

pub use docs::Docs;
pub use error::ServeError;
pub use handle::Handle;
pub use hosted_app::HostedApp;
pub use listener::Listener;
pub use outgoing::Outgoing;
pub use server::serve;
pub use settings::{AppSettings, HttpSettings, Metrics, Settings};
