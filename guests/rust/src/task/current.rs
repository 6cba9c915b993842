//! The job that runs at the moment.

use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::host;

/// How an operation that starts now waits for its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// No job runs: the future is polled by something else, such as an executor of another crate.
    Outside,
    /// A job runs, and returns to the host while it waits.
    Suspend,
    /// The instance waits.
    Block,
}

/// The job that runs at the moment, and the task that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current {
    /// The number of the task; 0 if it has not been asked for in this export.
    pub(crate) task: u32,
    /// True if the call of the task has returned the status 0.
    pub(crate) parked: bool,
    pub(crate) mode: Mode,
}

impl Current {
    pub(crate) const NONE: Self = Self {
        task: 0,
        parked: false,
        mode: Mode::Outside,
    };

    pub(crate) fn get() -> Self {
        CURRENT.get()
    }

    pub(crate) fn set(self) {
        CURRENT.set(self);
    }

    /// Replaces the current job until the guard is dropped.
    pub(crate) fn enter(self) -> Entered {
        Entered {
            outer: CURRENT.replace(self),
        }
    }
}

thread_local! {
    static CURRENT: Cell<Current> = const { Cell::new(Current::NONE) };
}

pub(crate) struct Entered {
    outer: Current,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.outer.set();
    }
}

/// Returns the number of the task in progress, or 0 outside of one.
pub(crate) fn number() -> u32 {
    match Current::get().task {
        0 => host::io::task(),
        task => task,
    }
}

/// Fails the call that the current job belongs to.
pub(crate) fn report(message: &str, detail: &str) {
    match Current::get() {
        Current {
            parked: true, task, ..
        } => host::io::fail(task, message, detail),
        _ => host::report(message, detail),
    }
}

/// Runs a future to its end. Each operation in it makes the instance wait.
///
/// # Panics
/// If the future waits for something other than an operation, which would never come.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let _entered = Current {
        mode: Mode::Block,
        ..Current::get()
    }
    .enter();
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!(
            "blocking code waits for something that is not an operation, such as a channel, so it would wait forever; make the handler an `async fn`"
        ),
    }
}
