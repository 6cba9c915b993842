//! Operations of the host as futures.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::current::{Current, Mode};
use super::executor;
use crate::{Content, OperationError, host};

/// The result of an operation.
#[derive(Debug)]
pub(crate) struct Completed {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Content,
}

impl Completed {
    /// Returns the result of an operation whose task has been cancelled.
    pub(crate) fn cancelled() -> Self {
        let head =
            r#"{"code":"cancelled","message":"the request that started this operation has ended"}"#;
        Self {
            status: 1,
            head: head.to_owned(),
            body: Content::Empty,
        }
    }

    /// Reads the head.
    pub(crate) fn head<T: DeserializeOwned>(&self) -> Result<T, OperationError> {
        let head = if self.head.is_empty() {
            "{}"
        } else {
            &self.head
        };
        serde_json::from_str(head).map_err(|error| {
            OperationError::conversion(format!("the host answered `{head}`: {error}"))
        })
    }

    /// Returns the body as bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self.body {
            Content::Empty => Vec::new(),
            Content::Json(text) | Content::Text(text) => text.into_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }

    /// Returns the body as text.
    pub(crate) fn into_text(self) -> Result<String, OperationError> {
        String::from_utf8(self.into_bytes())
            .map_err(|error| OperationError::conversion(error.to_string()))
    }

    fn check(self) -> Result<Self, OperationError> {
        match self.status {
            1 => Err(OperationError::parse(&self.head)),
            _ => Ok(self),
        }
    }
}

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

/// An operation in progress, as the executor keeps it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) task: u32,
    state: PendingState,
}

#[derive(Debug)]
enum PendingState {
    Waiting(Waker),
    Ended(Completed),
}

impl Pending {
    /// Stores the result, and returns the waker of the job that waits for it. The first result
    /// stays.
    pub(super) fn complete(&mut self, completed: Completed) -> Option<Waker> {
        if let PendingState::Ended(_) = self.state {
            return None;
        }
        match std::mem::replace(&mut self.state, PendingState::Ended(completed)) {
            PendingState::Waiting(waker) => Some(waker),
            PendingState::Ended(_) => None,
        }
    }
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
                let task = Current::task();
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
