//! How the host handles requests and replies.

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
