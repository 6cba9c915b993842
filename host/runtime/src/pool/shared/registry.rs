//! The shared instances of a pool, as requests see them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use spikard_wasm_app::Call;
use tokio::sync::{Notify, oneshot};

use crate::error::CallError;
use crate::reply::Reply;
use crate::request::Request;
use crate::stats::RecycleReason;

/// The shared instances of a pool.
#[derive(Default)]
pub(crate) struct SharedInstances {
    pub(super) all: RefCell<Vec<Rc<SharedInstance>>>,
    /// Notified when an instance may have room again.
    pub(super) room: Notify,
    /// True while a request creates an instance. Other requests wait for it.
    pub(super) is_creating: Cell<bool>,
    pub(super) is_closed: Cell<bool>,
}

/// The side of a shared instance that requests use.
pub(super) struct SharedInstance {
    pub(super) inbox: RefCell<VecDeque<Job>>,
    /// Tasks whose client has disconnected or whose deadline has passed.
    pub(super) cancelled: RefCell<Vec<u32>>,
    /// The number of requests that wait for their reply.
    pub(super) active: Cell<u32>,
    /// The remaining number of requests before the instance retires; `None` for no limit.
    pub(super) life: Cell<Option<u32>>,
    /// True if the instance gets no new requests.
    pub(super) retired: Cell<Option<RecycleReason>>,
    /// Wakes the instance's task.
    pub(super) waker: RefCell<Option<Waker>>,
}

/// A request for the instance's task.
pub(super) struct Job {
    pub(super) call: Call,
    pub(super) request: Arc<dyn Request>,
    pub(super) ticket: Rc<Ticket>,
    pub(super) reply: oneshot::Sender<Result<Reply, CallError>>,
}

/// What the instance's task and a request know of each other.
#[derive(Default)]
pub(super) struct Ticket {
    /// The number of the task, once its call has begun.
    pub(super) task: Cell<Option<u32>>,
    pub(super) is_cancelled: Cell<bool>,
}

impl SharedInstance {
    /// Wakes the instance's task.
    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Stops new requests.
    pub(super) fn retire(&self, why: RecycleReason) {
        if self.retired.get().is_none() {
            self.retired.set(Some(why));
            self.wake();
        }
    }
}
