//! What the host does with requests and with handlers, whatever they do.

mod app;
mod bodies;
mod cases;
mod deadlines;
mod failures;
mod heads;
mod hooks;
mod http2;
mod openapi;
mod order;
mod parameters;
mod policies;
mod protocol;
mod replies;
mod requests;
mod routing;
