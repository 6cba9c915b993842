//! Wakers of jobs, and the queue of jobs that have been woken.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

/// The numbers of the jobs that have been woken, in order.
#[derive(Debug, Default)]
pub(crate) struct Ready(Mutex<VecDeque<u64>>);

impl Ready {
    pub(crate) fn pop(&self) -> Option<u64> {
        self.queue().pop_front()
    }

    pub(crate) fn push(&self, job: u64) {
        self.queue().push_back(job);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue().is_empty()
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes a job: puts its number into the queue.
#[derive(Debug)]
pub(crate) struct JobWaker {
    job: u64,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl JobWaker {
    pub(crate) fn new(job: u64, ready: Arc<Ready>) -> Self {
        Self {
            job,
            queued: AtomicBool::new(false),
            ready,
        }
    }

    /// Gives the waker to another job.
    pub(crate) fn reuse(&mut self, job: u64) {
        self.job = job;
        *self.queued.get_mut() = false;
    }

    pub(crate) fn job(&self) -> u64 {
        self.job
    }

    /// Notes that the job is polled, so that the next wake puts it into the queue again.
    pub(crate) fn polled(&self) {
        self.queued.store(false, Ordering::Relaxed);
    }
}

impl Wake for JobWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.ready.push(self.job);
        }
    }
}
