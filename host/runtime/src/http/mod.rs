//! Apps for `wasi:http` 0.2 (`incoming-handler`) and 0.3 (`handler`).
//!
//! A guest may continue after it has set the head of its reply; the host sends the body while the
//! guest writes it. An [`HttpCall`] holds the state of a request from its arrival
//! until both the guest and the reply have ended.

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
