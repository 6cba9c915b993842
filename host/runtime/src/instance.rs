//! One instance of a component in a store of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use spikard_wasm_app::HookKind;
use wasmtime::component::{ComponentExportIndex, Func, InstancePre};
use wasmtime::{Engine, Store, StoreContextMut, UpdateDeadline};

use crate::http::HttpCall;
use crate::reply::Content;
use crate::request::Request;
use crate::stages::{Stage, Stages, Stamp};
use crate::state::{Current, Failure, Shared, State};
use crate::stats::Alive;

/// Where in a component the functions of its world are.
pub(crate) struct Exports {
    /// What answers requests.
    pub(crate) handle: ComponentExportIndex,
    /// What says which routes there are; absent where any path is the app's own affair.
    pub(crate) describe: Option<ComponentExportIndex>,
    /// By [`HookKind`]; absent where the component exports no hooks.
    pub(crate) hooks: Option<[ComponentExportIndex; HookKind::ALL.len()]>,
}

/// What all instances of a component are made of.
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
    /// How many requests it serves, once that is drawn.
    life: Option<u32>,
}

impl Instance {
    /// Makes an instance. It runs no request yet, but the component's own
    /// initialisation, which a deadline must cover too.
    pub(crate) async fn new(origin: &Origin, alive: Alive) -> wasmtime::Result<Self> {
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

    /// One of its exports.
    pub(crate) fn func(&mut self, index: &ComponentExportIndex) -> wasmtime::Result<Func> {
        func(&self.instance, &mut self.store, index)
    }

    /// The bytes of its linear memories.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().memory()
    }

    /// Counts a request that it served. True where that was its last: after `most`
    /// requests, spread at random by a quarter in both directions, or never for 0.
    pub(crate) fn has_served(&mut self, most: u32) -> bool {
        self.served = self.served.saturating_add(1);
        let life = *self
            .life
            .get_or_insert_with(|| Self::life(most).unwrap_or(u32::MAX));
        most != 0 && self.served >= life
    }

    /// How many requests an instance serves, of which most serve so many.
    pub(crate) fn life(most: u32) -> Option<u32> {
        let quarter = most / 4;
        let drawn = || fastrand::u32(most - quarter..=most.saturating_add(quarter));
        (most != 0).then(drawn)
    }

    /// Prepares the instance for a call about a request.
    pub(crate) fn begin(&mut self, request: Arc<dyn Request>) {
        self.store.data_mut().set_depth(request.depth());
        self.begins(Current::Request(request));
    }

    /// Prepares the instance for a request by `wasi:http`.
    pub(crate) fn begin_http(&mut self, call: &Arc<HttpCall>) {
        self.store.data_mut().set_depth(call.depth());
        self.begins(Current::Http(call.clone()));
    }

    /// Prepares the instance for several requests at once. `on_cpu` is set while its
    /// guest gives way in the middle of what it does.
    pub(crate) fn begin_service(&mut self, on_cpu: &Arc<AtomicBool>) {
        self.begins(Current::Service(on_cpu.clone()));
    }

    fn begins(&mut self, current: Current) {
        self.store.data_mut().begin(current);
        self.store.set_epoch_deadline(1);
    }

    /// Takes the request back, and what the guest reported about it.
    pub(crate) fn end(&mut self) -> Option<Failure> {
        self.store.data_mut().end()
    }

    /// Says where the time of a call went, which began to run in the guest when its
    /// stages say, and returned at `until`.
    pub(crate) fn attribute(&self, stages: &Stages, yielded_before: u64, until: Stamp) {
        let yielded = stages.nanos(Stage::Yield).saturating_sub(yielded_before);
        let outside = self.store.data().outside(until);
        stages.add(Stage::Imports, outside.saturating_sub(yielded));
        let inside = until.since(stages.entered());
        stages.add(Stage::Guest, inside.saturating_sub(outside));
    }

    /// Lends the guest the body of a reply, for the time of a hook.
    pub(crate) fn lend(&mut self, content: Content) {
        self.store.data_mut().lend(content);
    }

    /// Takes it back.
    pub(crate) fn take_back(&mut self) -> Content {
        self.store.data_mut().take_back()
    }
}

/// A guest on the CPU gives way at each tick. tokio's own yield lets the worker look
/// for what else has arrived before it goes on; a plain wake-up would be polled again
/// many times first.
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
