//! The instances of a `wasi:http` 0.3 app in one worker. Each serves several requests at once.
//!
//! A request goes to the instance with the fewest requests. An instance whose guest is on
//! the CPU gets no new requests, since it could not start them; if all are busy, the pool creates
//! another. Recycling never ends a request: an instance retires, gets no new requests, and
//! is dropped when its last request ends.

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
use crate::stats::RecycleReason;

/// The shared instances of a pool.
#[derive(Default)]
pub(crate) struct Members {
    pub(super) all: RefCell<Vec<Rc<Member>>>,
    /// Notified when an instance may have room again.
    pub(super) room: Notify,
    /// True once the pool's owner is dropped; only requests in flight remain.
    pub(super) is_closed: Cell<bool>,
}

/// A request that an instance has not started yet.
pub(super) struct Job {
    pub(super) request: http::Request<WasiBody>,
    pub(super) call: Arc<HttpCall>,
    pub(super) reply: oneshot::Sender<Head>,
}

/// An instance that serves several requests at once. A dedicated task owns the instance.
pub(super) struct Member {
    /// Requests that the instance's task has not started.
    pub(super) inbox: RefCell<VecDeque<Job>>,
    /// Requests in flight, until their replies are sent.
    pub(super) calls: RefCell<Vec<Arc<HttpCall>>>,
    /// True while the guest is on the CPU: it yielded at an epoch tick and has not finished.
    pub(super) on_cpu: Arc<AtomicBool>,
    /// The remaining number of requests before the instance retires; `None` for no limit.
    pub(super) life: Cell<Option<u32>>,
    pub(super) retired: Cell<Option<RecycleReason>>,
    /// The error that ended the instance.
    pub(super) failure: RefCell<Option<CallError>>,
    pub(super) is_gone: Cell<bool>,
    /// The time at which the last request ended.
    pub(super) idle_since: Cell<Stamp>,
    /// Wakes the instance's task.
    pub(super) wake: Notify,
    pub(super) most: usize,
}

impl Member {
    pub(super) fn has_room(&self) -> bool {
        let free = self.retired.get().is_none() && !self.on_cpu.load(Relaxed);
        free && self.inbox.borrow().is_empty() && self.active() < self.most
    }

    /// Returns the number of requests in flight.
    pub(super) fn active(&self) -> usize {
        self.calls.borrow().len()
    }

    /// Returns the reason for retirement; `None` if the instance is not retiring.
    pub(super) fn retired(&self) -> Option<RecycleReason> {
        self.retired.get()
    }

    /// Retires the instance: it gets no new requests.
    pub(super) fn retire(&self, why: RecycleReason) {
        if self.retired.get().is_none() {
            self.retired.set(Some(why));
            self.wake.notify_one();
        }
    }

    /// Returns the error for requests that get no reply.
    pub(super) fn failure(&self) -> CallError {
        let gone = || CallError::Instantiate("the instance of this call was dropped".to_owned());
        self.failure.borrow().clone().unwrap_or_else(gone)
    }

    /// Retires the instance and ends all its requests with `error`.
    pub(super) fn fail(&self, error: &CallError) {
        self.retire(RecycleReason::Trap);
        *self.failure.borrow_mut() = Some(error.clone());
        self.inbox.borrow_mut().clear();
        for call in self.calls.borrow().iter() {
            if call.has_head() && call.fate() == Fate::Running {
                call.report(error);
            }
            call.end(Fate::Failed);
        }
    }
}
