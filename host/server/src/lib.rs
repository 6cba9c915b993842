//! HTTP server of spikard-wasm; the only crate that depends on hyper.
//!
//! One thread accepts connections and hands each to the worker with the fewest connections. A
//! worker is a thread with its own async runtime and instance pools: a request stays on one
//! thread, and leasing an instance takes no lock. `app_router` finds the app of a request,
//! `exchange` runs the same pipeline for every app, and `triggers` holds the parts that differ
//! between kinds of apps.

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
mod lifespan;
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
