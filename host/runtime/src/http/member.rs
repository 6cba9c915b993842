//! The instances of an app for `wasi:http` 0.3 in one worker: each serves several
//! requests at once.
//!
//! A request goes to the instance that has fewest. One that is on the CPU, and so cannot
//! look after its other requests, gets no more of them; where all are, another is made.
//! An instance is never taken away from its requests for the sake of housekeeping: it
//! retires, gets no new ones, and goes when its last is done.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::{Notify, oneshot};
use wasmtime_wasi_http::WasiBody;

use super::call::{Fate, Head, HttpCall};
use crate::error::CallError;
use crate::stages::Stamp;
use crate::stats::Recycled;

/// The instances that serve requests, and those that may.
#[derive(Default)]
pub(crate) struct Members {
    pub(super) all: RefCell<Vec<Rc<Member>>>,
    /// An instance may have room again.
    pub(super) room: Notify,
    /// What uses the pool is gone, but for requests that are still under way.
    pub(super) is_closed: Cell<bool>,
}

/// A request for an instance.
pub(super) struct Job {
    pub(super) request: http::Request<WasiBody>,
    pub(super) call: Arc<HttpCall>,
    pub(super) reply: oneshot::Sender<Head>,
}

/// An instance that serves several requests at once. Its own task has the instance.
pub(super) struct Member {
    /// Requests that its task has not seen.
    pub(super) inbox: RefCell<VecDeque<Job>>,
    /// Those that it serves, until their replies are sent.
    pub(super) calls: RefCell<Vec<Arc<HttpCall>>>,
    /// It is in the middle of a turn of its guest.
    pub(super) on_cpu: Arc<AtomicBool>,
    /// How many requests it may serve before it retires; `None` for any number.
    pub(super) life: Cell<Option<u32>>,
    pub(super) retired: Cell<Option<Recycled>>,
    /// What ended it before its time.
    pub(super) death: RefCell<Option<CallError>>,
    pub(super) is_gone: Cell<bool>,
    /// When its last request was done.
    pub(super) idle_since: Cell<Stamp>,
    /// Wakes its task.
    pub(super) wake: Notify,
    pub(super) most: usize,
}

impl Member {
    pub(super) fn has_room(&self) -> bool {
        let free = self.retired.get().is_none() && !self.on_cpu.load(Relaxed);
        free && self.inbox.borrow().is_empty() && self.active() < self.most
    }

    /// How many requests it has.
    pub(super) fn active(&self) -> usize {
        self.calls.borrow().len()
    }

    /// Why it gets no more requests.
    pub(super) fn retired(&self) -> Option<Recycled> {
        self.retired.get()
    }

    /// Gives it no more requests.
    pub(super) fn retire(&self, why: Recycled) {
        if self.retired.get().is_none() {
            self.retired.set(Some(why));
            self.wake.notify_one();
        }
    }

    /// Why a request has no answer.
    pub(super) fn death(&self) -> CallError {
        let gone = || CallError::Instantiate("the instance of this call is gone".to_owned());
        self.death.borrow().clone().unwrap_or_else(gone)
    }

    /// Ends what is left of its requests, which learn of it where they wait.
    pub(super) fn fails(&self, error: &CallError) {
        self.retire(Recycled::Trap);
        *self.death.borrow_mut() = Some(error.clone());
        self.inbox.borrow_mut().clear();
        for call in self.calls.borrow().iter() {
            if call.has_head() && call.fate() == Fate::Running {
                call.report(error);
            }
            call.ended(Fate::Failed);
        }
    }
}
