//! What the host does with requests and with handlers, whatever they do.

mod app;
mod bodies;
mod deadlines;
mod failures;
mod hooks;
mod http2;
mod openapi;
mod parameters;
mod policies;
mod protocol;
mod replies;
mod requests;
mod routing;
