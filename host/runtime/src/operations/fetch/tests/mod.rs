//! Tests of outgoing requests with a sender that answers from memory.

mod bodies;
mod redirects;
mod requests;
mod support;
mod uploads;
