//! Apps for `wasi:http`, of 0.2 (`incoming-handler`) and 0.3 (`handler`).
//!
//! The head of a reply is there before its body is: a guest goes on after it has said
//! what the head is, and its body is read while it writes it. What belongs to a request
//! for all that time, until both are done, is its [`HttpCall`].

mod call;
mod ctx;
mod event_loop;
mod failure;
mod member;
mod outgoing;
mod proxy;
mod reply;
mod seat;
mod service;
#[cfg(test)]
mod tests;
mod upload;

pub(crate) use call::Head;
pub use call::{HttpCall, HttpOptions};
pub(crate) use ctx::Http;
pub use failure::{HttpFailure, UploadError};
pub(crate) use member::Members;
pub use reply::{HttpBody, HttpReply, HttpStream};
pub use upload::{GuestBody, Upload};
