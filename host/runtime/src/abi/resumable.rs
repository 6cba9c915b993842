//! Calls of the WIT interface `resumable`, whose functions continue and cancel tasks.

use wasmtime::component::ComponentExportIndex;

use crate::instance::Instance;
use crate::operations::tasks::{Answer, Ended};
use crate::reply::Content;

type Resume<'a> = (u32, u16, &'a str, Content);
type Cancel = (u32,);

/// Checks the exports' types.
pub(crate) fn check_types(
    instance: &mut Instance,
    [resume, cancel]: &[ComponentExportIndex; 2],
) -> wasmtime::Result<()> {
    let resume = instance.func(resume)?;
    resume.typed::<Resume<'_>, ()>(&instance.store)?;
    let cancel = instance.func(cancel)?;
    cancel.typed::<Cancel, ()>(&instance.store).map(drop)
}

impl Instance {
    /// Delivers the result of an operation, and records the failure that the guest reports.
    /// After an error the instance is unusable: drop its store.
    pub(crate) async fn resume(
        &mut self,
        [resume, _]: &[ComponentExportIndex; 2],
        ended: Ended,
    ) -> wasmtime::Result<()> {
        let (op, task, (status, head, body)) = ended.into_raw();
        let resume = self.func(resume)?;
        let resume = resume.typed::<Resume<'_>, ()>(&self.store)?;
        self.enter(task);
        let params = (op, status, head.as_str(), body);
        resume.call_async(&mut self.store, params).await?;
        self.leave(task);
        Ok(())
    }

    /// Cancels a task, after its operations were abandoned and its resources released. After an
    /// error the instance is unusable: drop its store.
    pub(crate) async fn cancel(
        &mut self,
        [_, cancel]: &[ComponentExportIndex; 2],
        task: u32,
    ) -> wasmtime::Result<()> {
        let cancel = self.func(cancel)?;
        let cancel = cancel.typed::<Cancel, ()>(&self.store)?;
        self.store.data_mut().tasks_mut().interrupt(task);
        self.enter(task);
        cancel.call_async(&mut self.store, (task,)).await?;
        self.leave(task);
        let tasks = self.store.data_mut().tasks_mut();
        // Nothing waits for the answer any more.
        drop(tasks.take_answer(task));
        tasks.mark_answered(task);
        Ok(())
    }

    fn enter(&mut self, task: u32) {
        self.store.data_mut().resume(task);
        self.store.set_epoch_deadline(1);
    }

    fn leave(&mut self, task: u32) {
        let state = self.store.data_mut();
        if let Some(failure) = state.suspend() {
            state.answer(task, Answer::Failed(failure));
        }
        state.tasks_mut().sweep();
    }
}
