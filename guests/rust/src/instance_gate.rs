//! Runs work once in an instance, before its first task goes on.
//!
//! The first task runs the work, and the others wait for it. If the work fails, so do they all,
//! and the next task repeats it. If the task that runs it is cancelled, one of the others repeats it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::reply::Failure;

/// The gate that tasks pass.
pub(crate) struct InstanceGate {
    is_open: Cell<bool>,
    run: RefCell<Option<Rc<Run>>>,
}

/// A run of the work.
#[derive(Default)]
struct Run {
    /// `None` if the run has not ended, or its task was cancelled.
    result: RefCell<Option<Result<(), Failure>>>,
    has_ended: Cell<bool>,
    wakers: RefCell<Vec<Waker>>,
}

impl Default for InstanceGate {
    /// Creates an open gate.
    fn default() -> Self {
        Self {
            is_open: Cell::new(true),
            run: RefCell::default(),
        }
    }
}

impl InstanceGate {
    pub(crate) fn close(&self) {
        self.is_open.set(false);
    }

    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// Waits until the work has been done once.
    pub(crate) async fn pass(
        &self,
        work: impl AsyncFnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        while !self.is_open() {
            let running = self.run.borrow().clone();
            let Some(run) = running else {
                return self.lead(work).await;
            };
            if let Some(result) = run.wait().await {
                return result;
            }
        }
        Ok(())
    }

    async fn lead(&self, work: impl AsyncFnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
        let run = Rc::new(Run::default());
        *self.run.borrow_mut() = Some(run.clone());
        let lead = Lead { gate: self, run };
        let result = work().await;
        self.is_open.set(result.is_ok());
        *lead.run.result.borrow_mut() = Some(result.clone());
        result
    }
}

/// The task that runs the work. The run ends when it is dropped.
struct Lead<'a> {
    gate: &'a InstanceGate,
    run: Rc<Run>,
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.gate.run.take();
        self.run.has_ended.set(true);
        self.run.wakers.take().into_iter().for_each(Waker::wake);
    }
}

impl Run {
    /// Waits for the end of the run. Returns `None` if its task was cancelled.
    async fn wait(&self) -> Option<Result<(), Failure>> {
        poll_fn(|context| {
            if self.has_ended.get() {
                return Poll::Ready(self.result.borrow().clone());
            }
            let mut wakers = self.wakers.borrow_mut();
            if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                wakers.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

impl fmt::Debug for InstanceGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceGate")
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}
