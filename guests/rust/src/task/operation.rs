//! Operations of the host as futures.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use serde::Serialize;

use super::current::{Current, Mode};
use super::executor;
use super::pending::{Completed, Pending, PendingState};
use crate::{Content, OperationError, host};

/// Runs an operation.
pub(crate) async fn perform(
    kind: &'static str,
    head: &impl Serialize,
    body: Content,
) -> Result<Completed, OperationError> {
    let head = serde_json::to_string(head)
        .map_err(|error| OperationError::new("invalid", error.to_string()))?;
    Operation::new(kind, head, body).await
}

/// The future of an operation. It starts when it is first polled. To drop it stops the operation.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is awaited"]
pub(crate) struct Operation {
    state: State,
}

#[derive(Debug)]
enum State {
    New {
        kind: &'static str,
        head: String,
        body: Content,
    },
    Waiting(usize),
    Ended,
}

impl Operation {
    pub(crate) fn new(kind: &'static str, head: String, body: Content) -> Self {
        Self {
            state: State::New { kind, head, body },
        }
    }

    fn start(
        &mut self,
        kind: &str,
        head: &str,
        body: &Content,
        waker: &Waker,
    ) -> Poll<Result<Completed, OperationError>> {
        let (status, head, body) = match Current::get().mode {
            Mode::Outside => return Poll::Ready(Err(OperationError::outside(kind))),
            Mode::Block => host::io::call(kind, head, body),
            Mode::Suspend => {
                let task = executor::current_task();
                let pending = Pending {
                    task,
                    state: PendingState::Waiting(waker.clone()),
                };
                let number = executor::with(|executor| executor.operations.insert(pending));
                let result = host::io::submit(task, number as u32, kind, head, body);
                if result.0 == 0 {
                    self.state = State::Waiting(number);
                    return Poll::Pending;
                }
                executor::with(|executor| executor.operations.remove(number));
                result
            }
        };
        Poll::Ready(Completed { status, head, body }.check())
    }
}

impl Future for Operation {
    type Output = Result<Completed, OperationError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::New { kind, head, body } => self.start(kind, &head, &body, context.waker()),
            State::Waiting(number) => {
                let ended = executor::with(|executor| take(executor, number, context.waker()));
                match ended {
                    Some(completed) => Poll::Ready(completed.check()),
                    None => {
                        self.state = State::Waiting(number);
                        Poll::Pending
                    }
                }
            }
            State::Ended => panic!("an operation was polled after it had ended"),
        }
    }
}

/// Takes the result of an operation if it has ended; else stores the waker.
fn take(executor: &mut executor::Executor, number: usize, waker: &Waker) -> Option<Completed> {
    if let Some(Pending {
        state: PendingState::Waiting(stored),
        ..
    }) = executor.operations.get_mut(number)
    {
        stored.clone_from(waker);
        return None;
    }
    match executor.operations.try_remove(number)?.state {
        PendingState::Ended(completed) => Some(completed),
        PendingState::Waiting(_) => None,
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let State::Waiting(number) = self.state else {
            return;
        };
        let pending = executor::try_with(|executor| executor.operations.try_remove(number));
        if let Some(Some(Pending {
            state: PendingState::Waiting(_),
            ..
        })) = pending
        {
            host::io::abandon(number as u32);
        }
    }
}
