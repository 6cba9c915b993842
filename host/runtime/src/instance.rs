//! An instance of a component, in a separate store.

use std::sync::atomic::Ordering::Relaxed;

use spikard_wasm_app::HookKind;
use wasmtime::component::{ComponentExportIndex, Func, InstancePre};
use wasmtime::{Engine, Store, StoreContextMut, UpdateDeadline};

use crate::current::{Current, Failure};
use crate::operations::tasks::Answer;
use crate::reply::Content;
use crate::stages::{Stage, Stamp};
use crate::state::{Shared, State};
use crate::stats::LiveInstance;

/// The exports of a component that the host calls.
pub(crate) struct Exports {
    /// The function that answers requests.
    pub(crate) handle: ComponentExportIndex,
    /// The function that lists the routes; absent if the app routes by itself (`wasi:http`).
    pub(crate) describe: Option<ComponentExportIndex>,
    /// The hooks, by [`HookKind`]; absent if the component exports none.
    pub(crate) hooks: Option<[ComponentExportIndex; HookKind::ALL.len()]>,
    /// The functions that continue and cancel tasks; absent if the component cannot wait for
    /// operations.
    pub(crate) resumable: Option<[ComponentExportIndex; 2]>,
}

/// The parts from which the host creates all instances of a component.
pub(crate) struct Origin {
    pub(crate) engine: Engine,
    pub(crate) pre: InstancePre<State>,
    pub(crate) exports: Exports,
    pub(crate) shared: Shared,
}

/// An instance and its store.
pub(crate) struct Instance {
    pub(crate) store: Store<State>,
    pub(crate) handle: Func,
    instance: wasmtime::component::Instance,
    served: u32,
    /// The number of requests after which the instance is recycled; `None` until it is drawn.
    life: Option<u32>,
}

impl Instance {
    /// Creates an instance. This runs the component's initialization, so the caller's deadline
    /// must cover it.
    pub(crate) async fn new(origin: &Origin, alive: LiveInstance) -> wasmtime::Result<Self> {
        let mut store = Store::new(&origin.engine, State::new(&origin.shared, alive));
        store.limiter(|state| state.limiter());
        store.set_hostcall_fuel(origin.shared.limits.hostcall_data);
        store.call_hook(|mut store, hook| {
            store.data_mut().crossing(hook);
            Ok(())
        });
        store.epoch_deadline_callback(give_way);
        store.set_epoch_deadline(1);
        let instance = origin.pre.instantiate_async(&mut store).await?;
        let handle = func(&instance, &mut store, &origin.exports.handle)?;
        Ok(Self {
            store,
            handle,
            instance,
            served: 0,
            life: None,
        })
    }

    /// Returns an exported function.
    pub(crate) fn func(&mut self, index: &ComponentExportIndex) -> wasmtime::Result<Func> {
        func(&self.instance, &mut self.store, index)
    }

    /// Returns the size of its linear memories in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().memory()
    }

    /// Counts a served request. Returns true if it was the last one of this instance: after `most`
    /// requests, randomized by up to a quarter, or never if `most` is 0.
    pub(crate) fn has_served(&mut self, most: u32) -> bool {
        self.served = self.served.saturating_add(1);
        let life = *self
            .life
            .get_or_insert_with(|| Self::life(most).unwrap_or(u32::MAX));
        most != 0 && self.served >= life
    }

    /// Draws the number of requests after which an instance is recycled: `most`, randomized by up
    /// to a quarter, so that instances are not all recycled at once. `None` if `most` is 0.
    pub(crate) fn life(most: u32) -> Option<u32> {
        let quarter = most / 4;
        let drawn = || fastrand::u32(most - quarter..=most.saturating_add(quarter));
        (most != 0).then(drawn)
    }

    /// Prepares the instance for a call, or for several at once.
    /// Returns the number of its task.
    pub(crate) fn begin(&mut self, current: Current) -> u32 {
        let state = self.store.data_mut();
        match &current {
            Current::Request(request) => state.set_depth(request.depth()),
            Current::Http(call) => state.set_depth(call.depth()),
            // Each of its requests sets its own depth.
            Current::Nothing | Current::Service(_) => {}
        }
        let task = state.begin(current);
        self.store.set_epoch_deadline(1);
        task
    }

    /// Ends the call of a task. Returns the error that the guest reported, if any.
    pub(crate) fn end(&mut self, task: u32) -> Option<Failure> {
        self.store.data_mut().end(task)
    }

    /// Ends a call whose task has not answered.
    pub(crate) fn suspend_call(&mut self, task: u32) {
        let state = self.store.data_mut();
        // The task stays open even if it waits for another one instead of an operation.
        let _ = state.services(task);
        if let Some(failure) = state.suspend() {
            state.answer(task, Answer::Failed(failure));
        }
    }

    /// Prepares the instance to handle several tasks at once.
    pub(crate) fn share(&mut self) {
        self.store.data_mut().share();
    }

    /// Returns true if operations are in progress.
    pub(crate) fn is_busy(&self) -> bool {
        self.store.data().tasks().is_busy()
    }

    /// Adds the time of the call in progress, which returned at `until`, to the stages of
    /// its request. `yielded_before` is how long the request had yielded before the call,
    /// in nanoseconds.
    pub(crate) fn attribute(&self, yielded_before: u64, until: Stamp) {
        let current = self.store.data().current();
        let Some(stages) = current.stages() else {
            return;
        };
        // A streamed reply stops counting when its head is sent.
        if matches!(current, Current::Http(_)) && stages.nanos(Stage::Guest) != 0 {
            return;
        }
        let yielded = stages.nanos(Stage::Yield).saturating_sub(yielded_before);
        let outside = self.store.data().outside(until);
        stages.add(Stage::Imports, outside.saturating_sub(yielded));
        let inside = until.since(stages.entered());
        // After a yield the rest can be less than the resolution of the clock, but the stage counts.
        stages.add(Stage::Guest, inside.saturating_sub(outside).max(1));
    }

    /// Lends the guest the body of a reply for the duration of a hook.
    pub(crate) fn lend(&mut self, content: Content) {
        self.store.data_mut().lend(content);
    }

    /// Takes the lent body back.
    pub(crate) fn take_back(&mut self) -> Content {
        self.store.data_mut().take_back()
    }
}

/// Yields at each epoch tick while the guest is on the CPU. tokio's own yield lets the
/// worker poll for new events before it resumes the guest; a task that only wakes itself
/// would be polled again many times first.
fn give_way(store: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let current = store.data().current().clone();
    let turn = async move {
        let since = Stamp::now();
        if let Current::Service(on_cpu) = &current {
            on_cpu.store(true, Relaxed);
        }
        tokio::task::yield_now().await;
        if let Current::Service(on_cpu) = &current {
            on_cpu.store(false, Relaxed);
        }
        if let Some(stages) = current.stages() {
            stages.add(Stage::Yield, Stamp::now().since(since));
        }
    };
    Ok(UpdateDeadline::YieldCustom(1, Box::pin(turn)))
}

fn func(
    instance: &wasmtime::component::Instance,
    store: &mut Store<State>,
    index: &ComponentExportIndex,
) -> wasmtime::Result<Func> {
    instance
        .get_func(store, index)
        .ok_or_else(|| wasmtime::Error::msg("an export of the world is not a function"))
}
