//! One instance of a component in a store of its own.

use std::sync::Arc;

use wasmtime::component::{ComponentExportIndex, Func, InstancePre, ResourceTable};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::call::Content;
use crate::component::Exports;
use crate::context::GlobalContext;
use crate::limits::Limits;
use crate::request::Request;
use crate::stdio::GuestLog;

/// What a store holds beside the guest.
pub(crate) struct State {
    request: Option<Arc<dyn Request>>,
    reply: Option<Content>,
    global: Arc<GlobalContext>,
    failure: Option<Failure>,
    limits: StoreLimits,
    wasi: Wasi,
}

/// What a guest reported of its user's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) detail: String,
}

struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl State {
    fn new(component: &str, limits: &Limits, global: Arc<GlobalContext>) -> Self {
        let mut wasi = WasiCtx::builder();
        // Clocks and randomness are granted; what a guest prints goes to the log.
        // Nothing else is: no environment, no directory, no network.
        wasi.stdout(GuestLog::new(component, false))
            .stderr(GuestLog::new(component, true))
            .allow_tcp(false)
            .allow_udp(false);
        Self {
            request: None,
            reply: None,
            global,
            failure: None,
            limits: StoreLimitsBuilder::new()
                .memory_size(limits.memory)
                .trap_on_grow_failure(false)
                .build(),
            wasi: Wasi {
                ctx: wasi.build(),
                table: ResourceTable::new(),
            },
        }
    }

    pub(crate) fn request(&self) -> Option<&dyn Request> {
        self.request.as_deref()
    }

    /// The body of the reply that a hook looks at.
    pub(crate) fn reply(&self) -> Content {
        self.reply.clone().unwrap_or(Content::Empty)
    }

    pub(crate) fn global(&self) -> &GlobalContext {
        &self.global
    }

    pub(crate) fn report(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi.ctx,
            table: &mut self.wasi.table,
        }
    }
}

/// An instance and its store.
pub(crate) struct Instance {
    pub(crate) store: Store<State>,
    pub(crate) describe: Func,
    pub(crate) handle: Func,
    instance: wasmtime::component::Instance,
}

impl Instance {
    /// Makes an instance. It runs no request yet, but the component's own
    /// initialisation, which a deadline must cover too.
    pub(crate) async fn new(
        engine: &Engine,
        pre: &InstancePre<State>,
        exports: &Exports,
        component: &str,
        limits: &Limits,
        global: Arc<GlobalContext>,
    ) -> wasmtime::Result<Self> {
        let mut store = Store::new(engine, State::new(component, limits, global));
        store.limiter(|state| &mut state.limits);
        // A guest on the CPU gives way at each tick. tokio's own yield lets the worker
        // look for what else has arrived before it goes on; a plain wake-up would be
        // polled again many times first.
        store.epoch_deadline_callback(|_| {
            Ok(UpdateDeadline::YieldCustom(
                1,
                Box::pin(tokio::task::yield_now()),
            ))
        });
        store.set_epoch_deadline(1);
        let instance = pre.instantiate_async(&mut store).await?;
        let describe = func(&instance, &mut store, &exports.describe)?;
        let handle = func(&instance, &mut store, &exports.handle)?;
        Ok(Self {
            store,
            describe,
            handle,
            instance,
        })
    }

    /// One of its exports.
    pub(crate) fn func(&mut self, index: &ComponentExportIndex) -> wasmtime::Result<Func> {
        func(&self.instance, &mut self.store, index)
    }

    /// Prepares the instance for a call about a request.
    pub(crate) fn begin(&mut self, request: Arc<dyn Request>) {
        let state = self.store.data_mut();
        state.request = Some(request);
        state.failure = None;
        self.store.set_epoch_deadline(1);
    }

    /// Takes the request back, and what the guest reported about it.
    pub(crate) fn end(&mut self) -> Option<Failure> {
        let state = self.store.data_mut();
        state.request = None;
        state.failure.take()
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

fn func(
    instance: &wasmtime::component::Instance,
    store: &mut Store<State>,
    index: &ComponentExportIndex,
) -> wasmtime::Result<Func> {
    instance
        .get_func(store, index)
        .ok_or_else(|| wasmtime::Error::msg("an export of the world is not a function"))
}
