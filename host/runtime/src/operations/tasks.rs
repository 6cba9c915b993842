//! Tasks of an instance and their operations in progress.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::{FuturesUnordered, Stream};
use spikard_wasm_services::Failed;

use super::resources::Resources;
use super::result::{Operation, OperationResult, RawResult, raw};
use crate::current::{Current, Failure};
use crate::reply::Content;

/// Maximum number of operations in progress per instance.
const MAX_OPERATIONS: usize = 1024;

/// How a task answered after its call had returned.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Status, headers and body as `io.reply` describes them.
    Reply(u16, String, Option<Content>),
    Failed(Failure),
}

/// An operation that has ended.
pub(crate) struct Ended {
    op: u32,
    task: u32,
    result: OperationResult,
}

impl Ended {
    /// Returns its task.
    pub(crate) fn task(&self) -> u32 {
        self.task
    }

    /// Returns its number, its task, and its result as it crosses the guest boundary.
    pub(crate) fn into_raw(self) -> (u32, u32, RawResult) {
        (self.op, self.task, raw(self.result))
    }
}

/// The tasks of an instance. Costs a request that submits no operation two integers.
#[derive(Default)]
pub(crate) struct Tasks {
    /// The number of the last task.
    last: u32,
    /// The task of the export call in progress; 0 outside of a call.
    entered: u32,
    /// The task that the imports refer to.
    selected: u32,
    open: Option<Box<Open>>,
}

/// The tasks that have used operations and have not ended.
#[derive(Default)]
struct Open {
    tasks: HashMap<u32, Task>,
    operations: FuturesUnordered<Abortable<Numbered>>,
    /// The operations in progress by their number.
    handles: HashMap<u32, Handle>,
    /// Answers that the owner of the instance has not taken.
    answers: Vec<(u32, Answer)>,
}

/// Ends an operation when it is dropped.
struct Handle {
    task: u32,
    operation: Arc<Mutex<Option<Operation>>>,
    abort: AbortHandle,
}

impl Drop for Handle {
    /// Drops the operation at once: the instance may not poll it again for a long time.
    fn drop(&mut self) {
        self.abort.abort();
        let mut operation = self
            .operation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let operation = operation.take();
        drop(operation);
    }
}

struct Task {
    /// The request that the task serves.
    current: Current,
    /// The number of operations in progress.
    operations: usize,
    has_answered: bool,
    resources: Resources,
}

/// An operation with its numbers. Its [`Handle`] shares it.
struct Numbered {
    op: u32,
    task: u32,
    operation: Arc<Mutex<Option<Operation>>>,
}

impl Future for Numbered {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let (op, task) = (self.op, self.task);
        let mut operation = self
            .operation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let result = match &mut *operation {
            Some(operation) => operation.as_mut().poll(cx),
            // Unreachable: its handle has aborted it.
            None => Poll::Pending,
        };
        result.map(|result| Ended { op, task, result })
    }
}

impl Tasks {
    /// Begins an export call with a new task and returns its number.
    pub(crate) fn begin(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1).max(1);
        self.enter(self.last);
        self.last
    }

    /// Begins an export call that continues a task.
    pub(crate) fn enter(&mut self, task: u32) {
        self.entered = task;
        self.selected = task;
    }

    /// Ends an export call.
    pub(crate) fn leave(&mut self) {
        self.enter(0);
    }

    /// Returns the task of the export call in progress.
    pub(crate) fn entered(&self) -> u32 {
        self.entered
    }

    /// Returns the task that the imports refer to.
    pub(super) fn selected(&self) -> u32 {
        self.selected
    }

    /// Makes the imports refer to a task. Returns the request of a task that has operations;
    /// `None` if the task is unknown or has ended.
    pub(super) fn select(&mut self, task: u32) -> Option<Current> {
        let current = self.current(task)?;
        self.selected = task;
        Some(current)
    }

    /// Returns the request of a task that has not ended.
    pub(crate) fn current(&self, task: u32) -> Option<Current> {
        let open = self.open.as_ref()?;
        open.tasks.get(&task).map(|task| task.current.clone())
    }

    /// Returns true if the task of the call in progress can submit operations under this number:
    /// it is the one that was entered, or has not ended.
    fn is_known(&self, task: u32) -> bool {
        let open = self.open.as_ref();
        task != 0
            && (task == self.entered || open.is_some_and(|open| open.tasks.contains_key(&task)))
    }

    /// Returns the request and the resources of a task. `current` is the request of the export call in progress.
    ///
    /// # Errors
    /// The task has ended.
    pub(crate) fn resources(
        &mut self,
        task: u32,
        current: &Current,
    ) -> Result<(&Current, &mut Resources), Failed> {
        match self.task(task, current) {
            Some(task) => Ok((&task.current, &mut task.resources)),
            None => Err(Failed::new(
                "invalid",
                format!(
                    "task `{task}` has ended or never existed; use the number that `io.task` returned"
                ),
            )),
        }
    }

    fn task(&mut self, number: u32, current: &Current) -> Option<&mut Task> {
        if !self.is_known(number) {
            return None;
        }
        let open = self.open.get_or_insert_default();
        Some(open.tasks.entry(number).or_insert_with(|| Task {
            current: current.clone(),
            operations: 0,
            has_answered: false,
            resources: Resources::default(),
        }))
    }

    /// Checks that an operation can start under this number.
    pub(super) fn check(&self, op: u32) -> Result<(), Failed> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        if open.handles.contains_key(&op) {
            let message = format!("operation `{op}` is in progress; choose another number");
            return Err(Failed::new("invalid", message));
        }
        // Abandoned operations leave an entry until the owner of the instance polls.
        if open.handles.len() >= MAX_OPERATIONS || open.operations.len() >= 2 * MAX_OPERATIONS {
            let message = format!(
                "the instance has {MAX_OPERATIONS} operations in progress, the limit; wait for some of them first"
            );
            return Err(Failed::new("too-many", message));
        }
        Ok(())
    }

    /// Starts an operation of a task whose [resources](Self::resources) exist. Returns the result
    /// if it is ready at once.
    pub(super) fn start(
        &mut self,
        task: u32,
        op: u32,
        mut operation: Operation,
    ) -> Option<OperationResult> {
        // The owner of the instance polls again with its own waker.
        let mut cx = Context::from_waker(Waker::noop());
        if let Poll::Ready(result) = operation.as_mut().poll(&mut cx) {
            return Some(result);
        }
        let open = self.open.get_or_insert_default();
        let (abort, registration) = AbortHandle::new_pair();
        let operation = Arc::new(Mutex::new(Some(operation)));
        let numbered = Numbered {
            op,
            task,
            operation: operation.clone(),
        };
        open.operations.push(Abortable::new(numbered, registration));
        let handle = Handle {
            task,
            operation,
            abort,
        };
        open.handles.insert(op, handle);
        if let Some(task) = open.tasks.get_mut(&task) {
            task.operations += 1;
        }
        None
    }

    /// Stops an operation.
    pub(super) fn abandon(&mut self, op: u32) {
        if let Some(open) = &mut self.open
            && let Some(handle) = open.handles.remove(&op)
        {
            open.ended(handle.task);
            open.forget_abandoned();
        }
    }

    /// Records the answer of a task. Returns it if the task had already answered.
    pub(super) fn answer(
        &mut self,
        number: u32,
        answer: Answer,
        current: &Current,
    ) -> Option<Answer> {
        match self.task(number, current) {
            Some(task) if !task.has_answered => task.has_answered = true,
            _ => return Some(answer),
        }
        let open = self.open.get_or_insert_default();
        open.answers.push((number, answer));
        None
    }

    /// Takes the answer of a task.
    pub(crate) fn take_answer(&mut self, task: u32) -> Option<Answer> {
        let answers = &mut self.open.as_mut()?.answers;
        let index = answers.iter().position(|(of, _)| *of == task)?;
        Some(answers.swap_remove(index).1)
    }

    /// Takes the failure with which a task answered before it trapped.
    pub(crate) fn take_failure(&mut self, task: u32) -> Option<Failure> {
        match self.take_answer(task) {
            Some(Answer::Failed(failure)) => Some(failure),
            _ => None,
        }
    }

    /// Takes the answer of any task.
    pub(crate) fn next_answer(&mut self) -> Option<(u32, Answer)> {
        self.open.as_mut()?.answers.pop()
    }

    /// Ends a task, whatever it waits for.
    pub(crate) fn close(&mut self, task: u32) {
        self.interrupt(task);
        if let Some(open) = &mut self.open {
            open.tasks.remove(&task);
        }
    }

    /// Marks a task as answered by the result of its call.
    pub(crate) fn mark_answered(&mut self, task: u32) {
        if let Some(open) = &mut self.open {
            if let Some(task) = open.tasks.get_mut(&task) {
                task.has_answered = true;
            }
            self.sweep();
        }
    }

    /// Ends the tasks that have answered and have no operation in progress.
    pub(crate) fn sweep(&mut self) {
        let is_over = |task: &Task| task.has_answered && task.operations == 0;
        if let Some(open) = &mut self.open {
            open.tasks.retain(|_, task| !is_over(task));
        }
    }

    /// Returns true if operations are in progress.
    pub(crate) fn is_busy(&self) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| !open.handles.is_empty())
    }

    /// Abandons the operations of a task and releases its resources. The task stays open, so that
    /// its cleanup code can submit further operations.
    pub(crate) fn interrupt(&mut self, number: u32) {
        let Some(open) = &mut self.open else { return };
        open.handles.retain(|_, handle| handle.task != number);
        open.forget_abandoned();
        if let Some(task) = open.tasks.get_mut(&number) {
            task.operations = 0;
            task.resources = Resources::default();
        }
    }

    /// Returns the tasks that have not ended.
    pub(crate) fn open(&self) -> Vec<u32> {
        let open = self.open.as_ref();
        open.map_or_else(Vec::new, |open| open.tasks.keys().copied().collect())
    }

    /// Waits for an operation to end; `None` if none is in progress.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended>> {
        let Some(open) = &mut self.open else {
            return Poll::Ready(None);
        };
        loop {
            match Pin::new(&mut open.operations).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                // An abandoned operation.
                Poll::Ready(Some(Err(Aborted))) => {}
                Poll::Ready(Some(Ok(ended))) => {
                    open.handles.remove(&ended.op);
                    open.ended(ended.task);
                    return Poll::Ready(Some(ended));
                }
            }
        }
    }
}

impl Open {
    /// Drops the entries of abandoned operations if no operation is in progress: then the owner of
    /// the instance does not poll.
    fn forget_abandoned(&mut self) {
        if self.handles.is_empty() {
            self.operations.clear();
        }
    }

    fn ended(&mut self, task: u32) {
        if let Some(task) = self.tasks.get_mut(&task) {
            task.operations = task.operations.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
