//! One instance of a component in a store of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use wasmtime::component::{ComponentExportIndex, Func, InstancePre, ResourceTable};
use wasmtime::{CallHook, Engine, Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::call::Content;
use crate::component::Exports;
use crate::context::GlobalContext;
use crate::granted::keyvalue::stores::Stores;
use crate::http::{Http, HttpCall};
use crate::limiter::Limiter;
use crate::limits::Limits;
use crate::outbound::Capabilities;
use crate::request::Request;
use crate::stages::{Stage, Stages, Stamp};
use crate::stats::Alive;
use crate::wasi::{self, Wasi};
use crate::world::Kind;

/// The most WASI resources (streams, clocks to wait for) that a guest may hold at
/// once: they live in the host's memory.
const MAX_RESOURCES: usize = 10_000;

/// The same of an app for `wasi:http`: StarlingMonkey holds one for every piece of a body
/// until its request is done.
const MAX_HTTP_RESOURCES: usize = 100_000;

/// What a store holds beside the guest.
pub(crate) struct State {
    current: Current,
    reply: Option<Content>,
    global: Arc<GlobalContext>,
    failure: Option<Failure>,
    limiter: Limiter,
    outside: Outside,
    component: Arc<str>,
    capabilities: Capabilities,
    table: ResourceTable,
    http: Http,
    stores: Arc<Stores>,
    /// The bytes of the values that the guest may swap.
    held: usize,
    wasi: Option<Box<Wasi>>,
}

/// What an instance is about at the moment.
#[derive(Clone)]
enum Current {
    Nothing,
    /// A request, or a hook of it, by our own interface.
    Request(Arc<dyn Request>),
    /// A request by `wasi:http` 0.2.
    Http(Arc<HttpCall>),
    /// Any number of requests by `wasi:http` 0.3, and whether the guest gives way in the
    /// middle of what it does.
    Service(Arc<AtomicBool>),
}

impl Current {
    fn stages(&self) -> Option<&Stages> {
        match self {
            Self::Nothing | Self::Service(_) => None,
            Self::Request(request) => Some(request.stages()),
            Self::Http(call) => Some(call.stages()),
        }
    }
}

/// What a guest reported of its user's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) detail: String,
}

/// How long a call has been outside of its guest: in the host that it called, or
/// giving way to others.
struct Outside {
    depth: u32,
    since: Stamp,
    nanos: u64,
}

impl State {
    fn new(origin: &Origin, alive: Alive) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(match origin.kind {
            Kind::Handler => MAX_RESOURCES,
            Kind::Proxy | Kind::Service => MAX_HTTP_RESOURCES,
        });
        Self {
            current: Current::Nothing,
            reply: None,
            global: origin.global.clone(),
            failure: None,
            limiter: Limiter::new(&origin.limits, alive),
            outside: Outside {
                depth: 0,
                since: Stamp::now(),
                nanos: 0,
            },
            component: origin.name.clone(),
            capabilities: origin.capabilities.clone(),
            table,
            http: Http::new(origin),
            stores: origin.stores.clone(),
            held: 0,
            wasi: None,
        }
    }

    pub(crate) fn request(&self) -> Option<&dyn Request> {
        match &self.current {
            Current::Request(request) => Some(request.as_ref()),
            Current::Nothing | Current::Http(_) | Current::Service(_) => None,
        }
    }

    /// The body of the reply that a hook looks at.
    pub(crate) fn reply(&self) -> Content {
        self.reply.clone().unwrap_or(Content::Empty)
    }

    /// The bytes of its linear memories.
    pub(crate) fn memory(&self) -> usize {
        self.limiter.memory()
    }

    /// A request begins, for which so many apps have called one another. Of several at
    /// once the deepest counts for what any of them sends.
    pub(crate) fn serves(&mut self, depth: u32) {
        self.http.at_least(depth);
    }

    pub(crate) fn global(&self) -> &GlobalContext {
        &self.global
    }

    /// The file of the component.
    pub(crate) fn component(&self) -> &str {
        &self.component
    }

    /// What is granted.
    pub(crate) fn grants(&self) -> &spikard_wasm_app::Grants {
        &self.capabilities.grants
    }

    /// The stores of keys and values.
    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }

    /// The bytes of the values that the guest may swap.
    pub(crate) fn held(&mut self) -> &mut usize {
        &mut self.held
    }

    /// What the guest has handles of.
    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    pub(crate) fn report(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// What a call printed without a newline is a line of its own.
    pub(crate) fn end_lines(&self) {
        if let Some(wasi) = &self.wasi {
            wasi.end_lines();
        }
    }

    fn crossing(&mut self, hook: CallHook) {
        let outside = &mut self.outside;
        match hook {
            CallHook::CallingHost => {
                if outside.depth == 0 {
                    outside.since = Stamp::now();
                }
                outside.depth += 1;
            }
            CallHook::ReturningFromHost => {
                outside.depth = outside.depth.saturating_sub(1);
                if outside.depth == 0 {
                    outside.nanos += Stamp::now().since(outside.since);
                }
            }
            CallHook::CallingWasm | CallHook::ReturningFromWasm => {}
        }
    }
}

impl WasiView for State {
    /// Made when it is first asked for: an instance for one request may never ask.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (component, grants) = (&self.component, &self.capabilities.grants);
        let wasi = self
            .wasi
            .get_or_insert_with(|| Box::new(wasi::granted(component, grants)));
        WasiCtxView {
            ctx: &mut wasi.ctx,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.http.view(&mut self.table)
    }
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

/// What all instances of a component share.
pub(crate) struct Origin {
    pub(crate) kind: Kind,
    pub(crate) engine: Engine,
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) pre: InstancePre<State>,
    pub(crate) exports: Exports,
    pub(crate) global: Arc<GlobalContext>,
    pub(crate) capabilities: Capabilities,
    pub(crate) stores: Arc<Stores>,
}

impl Instance {
    /// Makes an instance. It runs no request yet, but the component's own
    /// initialisation, which a deadline must cover too.
    pub(crate) async fn new(origin: &Origin, alive: Alive) -> wasmtime::Result<Self> {
        let mut store = Store::new(&origin.engine, State::new(origin, alive));
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(origin.limits.hostcall_data);
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
        self.store.data().limiter.memory()
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
        self.store.data_mut().http.set_depth(request.depth());
        self.begins(Current::Request(request));
    }

    /// Prepares the instance for a request by `wasi:http`.
    pub(crate) fn begin_http(&mut self, call: &Arc<HttpCall>) {
        self.store.data_mut().http.set_depth(call.depth());
        self.begins(Current::Http(call.clone()));
    }

    /// Prepares the instance for several requests at once. `on_cpu` is set while its
    /// guest gives way in the middle of what it does.
    pub(crate) fn begin_service(&mut self, on_cpu: &Arc<AtomicBool>) {
        self.begins(Current::Service(on_cpu.clone()));
    }

    fn begins(&mut self, current: Current) {
        let state = self.store.data_mut();
        // Of what was printed between two calls, as while an instance is made.
        state.end_lines();
        state.current = current;
        state.failure = None;
        state.outside.depth = 0;
        state.outside.nanos = 0;
        self.store.set_epoch_deadline(1);
    }

    /// Takes the request back, and what the guest reported about it.
    pub(crate) fn end(&mut self) -> Option<Failure> {
        let state = self.store.data_mut();
        state.end_lines();
        state.current = Current::Nothing;
        state.failure.take()
    }

    /// Says where the time of a call went, which began to run in the guest when its
    /// stages say, and returned at `until`.
    pub(crate) fn attribute(&self, stages: &Stages, yielded_before: u64, until: Stamp) {
        let yielded = stages.nanos(Stage::Yield).saturating_sub(yielded_before);
        let outside = &self.store.data().outside;
        // One that was given up in the host has not returned from it.
        let waiting = match outside.depth {
            0 => 0,
            _ => until.since(outside.since),
        };
        let outside = outside.nanos + waiting;
        stages.add(Stage::Imports, outside.saturating_sub(yielded));
        let inside = until.since(stages.entered());
        stages.add(Stage::Guest, inside.saturating_sub(outside));
    }

    /// Lends the guest the body of a reply, for the time of a hook.
    pub(crate) fn lend(&mut self, content: Content) {
        self.store.data_mut().reply = Some(content);
    }

    /// Takes it back.
    pub(crate) fn take_back(&mut self) -> Content {
        let lent = self.store.data_mut().reply.take();
        lent.unwrap_or(Content::Empty)
    }
}

/// A guest on the CPU gives way at each tick. tokio's own yield lets the worker look
/// for what else has arrived before it goes on; a plain wake-up would be polled again
/// many times first.
fn give_way(store: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let current = store.data().current.clone();
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
