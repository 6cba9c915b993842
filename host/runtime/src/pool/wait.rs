//! Waiting for the operations of an instance.

use std::borrow::BorrowMut;
use std::future::poll_fn;

use super::lease::{Change, Lease, Running};
use crate::current::Failure;
use crate::operations::tasks::Answer;
use crate::reply::Content;
use crate::stages::Stamp;

impl<L: BorrowMut<Lease>> Running<L> {
    /// Returns true if the component can wait for operations.
    pub(super) fn can_wait(&mut self) -> bool {
        self.lease().pool().component.resumable().is_some()
    }

    /// Delivers results of operations until the task of the call has answered. An instance that
    /// is dropped meanwhile cancels the task. The failure of a task is reported as one of a call.
    pub(super) async fn answered(&mut self) -> wasmtime::Result<Change> {
        let task = self.task;
        loop {
            let state = self.instance()?.store.data_mut();
            match state.tasks_mut().take_answer(task) {
                Some(Answer::Reply(status, headers, body)) => return Ok((status, headers, body)),
                Some(Answer::Failed(failure)) => {
                    state.report(failure);
                    return Ok(FAILED);
                }
                None => {}
            }
            if !self.deliver().await? {
                self.cancel(task).await?;
                self.instance()?.store.data_mut().report(Failure {
                    message: "the handler waits for something that never happens".to_owned(),
                    detail: "It has not answered, and none of its operations is in progress. \
                             Check for a promise or future that nothing resolves."
                        .to_owned(),
                });
                return Ok(FAILED);
            }
        }
    }

    /// Waits for an operation to end, and delivers its result. Returns false if no operation is
    /// in progress.
    pub(super) async fn deliver(&mut self) -> wasmtime::Result<bool> {
        let since = Stamp::now();
        self.is_waiting = true;
        let instance = self.instance()?;
        let state = instance.store.data_mut();
        let ended = poll_fn(|cx| state.tasks_mut().poll_next(cx)).await;
        state.waited(since);
        self.is_waiting = false;
        let Some(ended) = ended else {
            return Ok(false);
        };
        let component = self.lease().pool().component.clone();
        if let Some(exports) = component.resumable() {
            self.instance()?.resume(exports, ended).await?;
        }
        Ok(true)
    }

    /// Cancels a task.
    pub(super) async fn cancel(&mut self, task: u32) -> wasmtime::Result<()> {
        let component = self.lease().pool().component.clone();
        match component.resumable() {
            Some(exports) => self.instance()?.cancel(exports, task).await,
            None => Ok(()),
        }
    }
}

/// The result of a task that failed; the reported failure replaces it.
const FAILED: Change = (500, String::new(), Some(Content::Empty));
