//! Host functions of the interface `io`.

use std::future::poll_fn;
use std::task::Poll;

use spikard_wasm_services::Failed;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::kinds::start;
use super::result::{FAILED, Operation, OperationResult, PENDING, RawResult, payload, raw};
use super::tasks::Answer;
use crate::current::{Current, Failure};
use crate::names;
use crate::reply::Content;
use crate::state::State;

type Store<'a> = StoreContextMut<'a, State>;

/// Adds the interface to a linker.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut io = linker.instance(names::IO)?;
    io.func_wrap("task", |store: Store<'_>, (): ()| {
        Ok((store.data().tasks().selected(),))
    })?;
    type Submit = (u32, u32, String, String, Content);
    io.func_wrap("submit", |mut store: Store<'_>, args: Submit| {
        Ok((submit(store.data_mut(), args),))
    })?;
    type Call = (String, String, Content);
    io.func_wrap_async("call", |mut store: Store<'_>, (kind, head, body): Call| {
        let state = store.data_mut();
        let task = state.tasks().selected();
        let operation = begin(state, task, &kind, head, body);
        let is_shared = state.is_shared();
        Box::new(async move {
            let result = match operation {
                Ok(operation) if is_shared => at_once(operation, &kind).await,
                Ok(operation) => operation.await,
                Err(failed) => Err(failed),
            };
            Ok((raw(result),))
        })
    })?;
    io.func_wrap("abandon", |mut store: Store<'_>, (op,): (u32,)| {
        store.data_mut().tasks_mut().abandon(op);
        Ok(())
    })?;
    type Reply = (u32, u16, String, Option<Content>);
    io.func_wrap(
        "reply",
        |mut store: Store<'_>, (task, status, headers, body): Reply| {
            store
                .data_mut()
                .answer(task, Answer::Reply(status, headers, body));
            Ok(())
        },
    )?;
    io.func_wrap(
        "fail",
        |mut store: Store<'_>, (task, message, detail): (u32, String, String)| {
            let failure = Failure::reported(message, detail);
            store.data_mut().answer(task, Answer::Failed(failure));
            Ok(())
        },
    )?;
    io.func_wrap("select", |mut store: Store<'_>, (task,): (u32,)| {
        Ok((store.data_mut().select(task),))
    })
}

/// Runs an operation that must be ready at once.
async fn at_once(mut operation: Operation, kind: &str) -> OperationResult {
    let polled = poll_fn(|cx| Poll::Ready(operation.as_mut().poll(cx))).await;
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Failed::new(
            "would-block",
            format!(
                "the blocking operation `{kind}` would stop all requests of its instance, which handles several at once; \
                 use the asynchronous one, or the instance policy `reuse`"
            ),
        )),
    }
}

fn submit(
    state: &mut State,
    (task, op, kind, head, body): (u32, u32, String, String, Content),
) -> RawResult {
    let operation = match state.tasks().check(op) {
        Ok(()) => begin(state, task, &kind, head, body),
        Err(failed) => Err(failed),
    };
    match operation {
        Ok(operation) => match state.tasks_mut().start(task, op, operation) {
            Some(result) => raw(result),
            None => (PENDING, String::new(), Content::Empty),
        },
        Err(failed) => (FAILED, failed.head(), Content::Empty),
    }
}

fn begin(
    state: &mut State,
    task: u32,
    kind: &str,
    head: String,
    body: Content,
) -> Result<Operation, Failed> {
    let (services, resources) = state.services(task)?;
    start(&services, resources, kind, &head, payload(body))
}

impl State {
    /// Records an answer. Logs the failure of a task that has already answered.
    pub(crate) fn answer(&mut self, task: u32, answer: Answer) {
        let current = self.current().clone();
        let late = self.tasks_mut().answer(task, answer, &current);
        if let Some(Answer::Failed(failure)) = late {
            self.log_late(&failure);
        }
    }

    /// Makes the imports refer to a task.
    fn select(&mut self, task: u32) -> bool {
        if task == self.tasks().selected() {
            return task != 0;
        }
        // The task of the call in progress keeps its request.
        let entered = self.tasks().entered();
        let _ = self.services(entered);
        match self.tasks_mut().select(task) {
            Some(current) => {
                self.set_current(current);
                true
            }
            None => {
                self.set_current(Current::Nothing);
                false
            }
        }
    }
}
