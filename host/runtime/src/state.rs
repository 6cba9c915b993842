//! What a store holds beside its guest.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use wasmtime::CallHook;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::context::GlobalContext;
use crate::granted::keyvalue::stores::Stores;
use crate::http::{Http, HttpCall};
use crate::limiter::Limiter;
use crate::limits::Limits;
use crate::outbound::Capabilities;
use crate::reply::Content;
use crate::request::Request;
use crate::stages::{Stages, Stamp};
use crate::stats::Alive;
use crate::wasi::{self, Wasi};
use crate::world::Kind;

/// The most WASI resources (streams, clocks to wait for) that a guest may hold at
/// once: they live in the host's memory.
const MAX_RESOURCES: usize = 10_000;

/// The same of an app for `wasi:http`: StarlingMonkey holds one for every piece of a body
/// until its request is done.
const MAX_HTTP_RESOURCES: usize = 100_000;

/// What the states of all instances of a component share.
pub(crate) struct Shared {
    pub(crate) kind: Kind,
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) global: Arc<GlobalContext>,
    pub(crate) capabilities: Capabilities,
    pub(crate) stores: Arc<Stores>,
}

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
pub(crate) enum Current {
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
    pub(crate) fn stages(&self) -> Option<&Stages> {
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
    pub(crate) fn new(shared: &Shared, alive: Alive) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(match shared.kind {
            Kind::Handler => MAX_RESOURCES,
            Kind::Proxy | Kind::Service => MAX_HTTP_RESOURCES,
        });
        Self {
            current: Current::Nothing,
            reply: None,
            global: shared.global.clone(),
            failure: None,
            limiter: Limiter::new(&shared.limits, alive),
            outside: Outside {
                depth: 0,
                since: Stamp::now(),
                nanos: 0,
            },
            component: shared.name.clone(),
            capabilities: shared.capabilities.clone(),
            table,
            http: Http::new(&shared.name, &shared.limits, &shared.capabilities.outbound),
            stores: shared.stores.clone(),
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

    /// A call begins: what the last one left behind is forgotten.
    pub(crate) fn begin(&mut self, current: Current) {
        // Of what was printed between two calls, as while an instance is made.
        self.end_lines();
        self.current = current;
        self.failure = None;
        self.outside.depth = 0;
        self.outside.nanos = 0;
    }

    /// A call ends; gives what the guest reported about it.
    pub(crate) fn end(&mut self) -> Option<Failure> {
        self.end_lines();
        self.current = Current::Nothing;
        self.failure.take()
    }

    /// What the instance is about at the moment.
    pub(crate) fn current(&self) -> &Current {
        &self.current
    }

    /// The limits that its memories and tables grow within.
    pub(crate) fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    /// The nanoseconds that a call has been outside of its guest, until a stamp.
    pub(crate) fn outside(&self, until: Stamp) -> u64 {
        // One that was given up in the host has not returned from it.
        let waiting = match self.outside.depth {
            0 => 0,
            _ => until.since(self.outside.since),
        };
        self.outside.nanos + waiting
    }

    /// So many apps have called one another for the request in progress.
    pub(crate) fn set_depth(&mut self, depth: u32) {
        self.http.set_depth(depth);
    }

    /// Lends the guest the body of a reply.
    pub(crate) fn lend(&mut self, content: Content) {
        self.reply = Some(content);
    }

    /// Takes it back.
    pub(crate) fn take_back(&mut self) -> Content {
        self.reply.take().unwrap_or(Content::Empty)
    }

    pub(crate) fn crossing(&mut self, hook: CallHook) {
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
