//! Tasks: calls of the host that wait for operations.
//!
//! A call of a handler or hook is a task. Its future is a *job*, and [`spawn`](crate::spawn) adds
//! more jobs to a task. A job is polled at once; one that waits is kept here, and the export
//! returns. When an operation ends, the host calls `resumable.resume`, which wakes the job that
//! waits for it. Before an export returns, it polls every job that has been woken.
//!
//! Nothing here asks the host for anything until a job waits for the first time.

mod current;
mod executor;
mod job;
mod operation;
mod pending;
mod spawn;
mod waker;

pub(crate) use current::{block_on, number, report};
pub(crate) use executor::{cancel, resume, settle, start};
pub(crate) use job::{Finished, Job};
pub(crate) use operation::{Operation, perform};
pub(crate) use pending::Completed;
pub(crate) use spawn::clean_up;
pub use spawn::{Aborted, JoinHandle, spawn};
