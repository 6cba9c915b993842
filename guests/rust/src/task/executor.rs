//! Keeps the jobs and operations in progress of the instance.
//!
//! No function holds the executor's borrow while it runs code of the app: polling a job, dropping
//! a future and waking all can call back.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use slab::Slab;

use super::current::{Current, Mode};
use super::job::{self, Finished, Job};
use super::pending::{Completed, Pending};
use super::waker::{JobWaker, Ready};
use crate::call_id::CallId;
use crate::{Content, host};

#[derive(Default)]
pub(super) struct Executor {
    jobs: BTreeMap<u64, Kept>,
    next: u64,
    ready: Arc<Ready>,
    /// The waker of a job that ended without waiting.
    spare: Option<Arc<JobWaker>>,
    pub(super) operations: Slab<Pending>,
    /// The job that is polled at the moment, and whether it has been aborted meanwhile.
    polled: Option<(u64, bool)>,
    /// The task that the host's interfaces refer to; 0 if it has not been asked for.
    selected: u32,
}

/// A job that waits.
struct Kept {
    job: Job,
    task: u32,
    call: CallId,
    parked: bool,
    waker: Arc<JobWaker>,
}

thread_local! {
    static EXECUTOR: RefCell<Executor> = RefCell::default();
    /// True once the instance has kept a job. Until then an export has nothing to poll.
    static ACTIVE: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn with<T>(work: impl FnOnce(&mut Executor) -> T) -> T {
    EXECUTOR.with_borrow_mut(work)
}

/// As [`with`], but `None` while the thread ends, when its futures are dropped.
pub(super) fn try_with<T>(work: impl FnOnce(&mut Executor) -> T) -> Option<T> {
    let result =
        EXECUTOR.try_with(|executor| executor.try_borrow_mut().ok().as_deref_mut().map(work));
    result.ok().flatten()
}

impl Executor {
    /// Notes that the host's interfaces refer to the task of the export.
    fn selects(&mut self, task: u32) {
        if self.selected == 0 {
            self.selected = task;
        }
    }

    fn waker(&mut self) -> Arc<JobWaker> {
        self.next += 1;
        if let Some(mut spare) = self.spare.take()
            && let Some(waker) = Arc::get_mut(&mut spare)
        {
            waker.reuse(self.next);
            return spare;
        }
        Arc::new(JobWaker::new(self.next, self.ready.clone()))
    }
}

/// Returns the number of the current task. Asks the host once.
pub(super) fn current_task() -> u32 {
    let mut current = Current::get();
    if current.task == 0 {
        current.task = host::io::task();
        current.set();
        with(|executor| executor.selects(current.task));
    }
    current.task
}

/// Runs the job of a call: polls it, and polls it again as often as it wakes itself. Returns its
/// result, or `None` if it waits; the call then returns the status 0.
pub(crate) fn start(mut job: Job) -> Option<Finished> {
    let waker = with(Executor::waker);
    let number = waker.job();
    let (poll, task) = {
        let _entered = Current {
            mode: Mode::Suspend,
            ..Current::get()
        }
        .enter();
        let poll = poll_job(&mut job, &waker);
        if poll.is_pending() {
            current_task();
        }
        (poll, Current::get().task)
    };
    let finished = match poll {
        Poll::Ready(finished) => {
            drop(job);
            let is_idle = with(|executor| {
                executor.spare = Some(waker);
                let is_idle = executor.ready.is_empty();
                if is_idle {
                    executor.selected = 0;
                }
                is_idle
            });
            if is_idle {
                return finished;
            }
            finished
        }
        Poll::Pending => {
            let kept = Kept {
                job,
                task,
                call: CallId::current(),
                parked: false,
                waker,
            };
            keep(number, kept);
            None
        }
    };
    run(Some(number)).or(finished)
}

/// Adds a job to the current task. It is polled before the export returns.
pub(super) fn add(job: Job) -> u64 {
    let task = current_task();
    let waker = with(Executor::waker);
    let number = waker.job();
    let kept = Kept {
        job,
        task,
        call: CallId::current(),
        parked: true,
        waker,
    };
    with(|executor| executor.ready.push(number));
    keep(number, kept);
    number
}

fn keep(number: u64, kept: Kept) {
    ACTIVE.set(true);
    with(|executor| executor.jobs.insert(number, kept));
}

/// Drops a job.
pub(super) fn abort(number: u64) {
    let kept = with(|executor| {
        if let Some((polled, aborted)) = &mut executor.polled
            && *polled == number
        {
            *aborted = true;
        }
        executor.jobs.remove(&number)
    });
    if let Some(kept) = kept {
        discard(kept);
    }
}

/// Drops a job as its own task, so that its cleanup code can start operations.
fn discard(kept: Kept) {
    let _call = kept.call.resume();
    let _entered = current_of(&kept).enter();
    drop(kept.job);
}

fn current_of(kept: &Kept) -> Current {
    Current {
        task: kept.task,
        parked: kept.parked,
        mode: Mode::Suspend,
    }
}

/// Polls the jobs that have been woken, after a call that has no job of its own.
#[inline]
pub(crate) fn settle() {
    if ACTIVE.get() {
        run(None);
    }
}

/// Polls jobs until none is woken. Returns the result of the job `first` if it has ended; if it
/// waits, its call returns the status 0 now.
fn run(first: Option<u64>) -> Option<Finished> {
    let mut result = None;
    while let Some((number, mut kept)) = next() {
        select(kept.task);
        let poll = {
            let _call = kept.call.resume();
            let _entered = current_of(&kept).enter();
            poll_job(&mut kept.job, &kept.waker)
        };
        let aborted = with(|executor| executor.polled.take()).is_some_and(|(_, aborted)| aborted);
        match poll {
            Poll::Ready(Some(finished)) if first == Some(number) => result = Some(finished),
            Poll::Ready(Some(finished)) => job::send(kept.task, finished),
            Poll::Ready(None) => {}
            Poll::Pending if aborted => discard(kept),
            Poll::Pending => keep(number, kept),
        }
    }
    with(|executor| {
        if let Some(kept) = first.and_then(|first| executor.jobs.get_mut(&first)) {
            kept.parked = true;
        }
        executor.selected = 0;
    });
    Current::NONE.set();
    result
}

/// Takes the next job that has been woken.
fn next() -> Option<(u64, Kept)> {
    with(|executor| {
        loop {
            let number = executor.ready.pop()?;
            if let Some(kept) = executor.jobs.remove(&number) {
                executor.polled = Some((number, false));
                return Some((number, kept));
            }
        }
    })
}

fn poll_job(job: &mut Job, waker: &Arc<JobWaker>) -> Poll<Option<Finished>> {
    waker.polled();
    let waker = Waker::from(waker.clone());
    job.poll(&mut Context::from_waker(&waker))
}

/// Makes the host's interfaces refer to a task.
fn select(task: u32) {
    let other = with(|executor| std::mem::replace(&mut executor.selected, task) != task);
    if other {
        host::io::select(task);
    }
}

/// The exported `resume`: stores the result of an operation and polls the jobs that wait for it.
pub(crate) fn resume(operation: u32, status: u16, head: String, body: Content) {
    let completed = Completed { status, head, body };
    let waiting = with(|executor| {
        let pending = executor.operations.get_mut(operation as usize)?;
        executor.selected = pending.task;
        Some(pending.complete(completed))
    });
    if let Some(Some(waker)) = waiting {
        waker.wake();
    }
    run(None);
}

/// The exported `cancel`: drops the jobs of a task. Operations of the task that other tasks wait
/// for end with an error.
pub(crate) fn cancel(task: u32) {
    let (jobs, wakers) = with(|executor| {
        executor.selected = task;
        let numbers: Vec<_> = executor
            .jobs
            .iter()
            .filter(|(_, kept)| kept.task == task)
            .map(|(number, _)| *number)
            .collect();
        let jobs: Vec<_> = numbers
            .into_iter()
            .filter_map(|number| executor.jobs.remove(&number))
            .collect();
        let ended = executor
            .operations
            .iter_mut()
            .filter(|(_, pending)| pending.task == task);
        let wakers: Vec<_> = ended
            .filter_map(|(_, pending)| pending.complete(Completed::cancelled()))
            .collect();
        (jobs, wakers)
    });
    let is_unanswered = jobs.iter().any(|kept| !kept.job.is_background());
    jobs.into_iter().for_each(discard);
    wakers.into_iter().for_each(Waker::wake);
    if is_unanswered {
        // The task was cancelled, but the host keeps it until it has an answer.
        host::io::fail(task, "the request was cancelled", "");
    }
    run(None);
}
