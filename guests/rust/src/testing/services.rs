//! The host's side of operations in a test: tasks, timers and services.
//!
//! Time is virtual: when every request waits, the clock jumps to the next timer. Operations are
//! performed when they are submitted, and their results are delivered one by one, in the order in
//! which they would be ready.

#[cfg(feature = "test-services")]
mod crypto;
mod event_loop;
mod fetch;
mod input;
mod keyvalue;
mod log_line;
mod outcome;
mod performer;
mod replacements;
#[cfg(feature = "test-services")]
mod sql;

pub(crate) use event_loop::{Services, current};
pub use fetch::{OutgoingReply, OutgoingRequest};
pub use log_line::LogLine;
