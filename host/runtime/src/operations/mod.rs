//! Operations: the work that guests submit to the host and wait for (`spikard:handler/io`).
//!
//! An export call is a [task](tasks). It submits operations, and returns without an answer if it
//! has to wait for them. The owner of the instance then [polls](tasks::Tasks::poll_next) the
//! operations and calls `resumable.resume` with each result until the task answers. No fiber is
//! held meanwhile. Everything that a task acquires, such as a transaction or a response body,
//! is dropped when the task ends.
//!
//! A failed operation is a result for the guest and never a trap.

pub(crate) mod databases;
mod fetch;
mod head;
pub(crate) mod io;
mod keyvalue;
mod kinds;
mod log;
pub(crate) mod resources;
pub(crate) mod result;
pub(crate) mod services;
pub(crate) mod tasks;
