//! Host state of an instance, which its wasmtime store holds.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use spikard_wasm_services::Failed;
use spikard_wasm_services::sql::Databases;
use wasmtime::CallHook;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::context::GlobalContext;
use crate::current::{Current, Failure};
use crate::granted::keyvalue::stores::Stores;
use crate::http::Http;
use crate::limiter::Limiter;
use crate::limits::Limits;
use crate::operations::resources::Resources;
use crate::operations::services::Services;
use crate::operations::tasks::Tasks;
use crate::outbound::Capabilities;
use crate::reply::Content;
use crate::request::Request;
use crate::stages::Stamp;
use crate::stats::LiveInstance;
use crate::wasi::{self, Wasi};
use crate::world::Kind;

/// Maximum WASI resources (streams, timers) per instance, because they occupy host memory.
const MAX_RESOURCES: usize = 10_000;

/// Same as [`MAX_RESOURCES`], for `wasi:http` apps: StarlingMonkey holds one resource per body
/// chunk until its request ends.
const MAX_HTTP_RESOURCES: usize = 100_000;

/// State that all instances of a component share.
pub(crate) struct Shared {
    pub(crate) kind: Kind,
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) global: Arc<GlobalContext>,
    pub(crate) capabilities: Capabilities,
    pub(crate) stores: Arc<Stores>,
    pub(crate) databases: Arc<Databases>,
    pub(crate) defaults: Defaults,
}

/// The declared settings that the operator has not granted, with their defaults.
pub(crate) type Defaults = Arc<OnceLock<BTreeMap<String, Option<String>>>>;

/// Host state of one instance.
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
    databases: Arc<Databases>,
    defaults: Defaults,
    /// Total size in bytes of the values in the guest's `cas` handles.
    held: usize,
    wasi: Option<Box<Wasi>>,
    tasks: Tasks,
    /// True if the instance handles several tasks at once.
    is_shared: bool,
}

/// Time that the current call spent outside its guest: in host functions, or interrupted.
struct Outside {
    depth: u32,
    since: Stamp,
    nanos: u64,
}

impl State {
    pub(crate) fn new(shared: &Shared, alive: LiveInstance) -> Self {
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
            databases: shared.databases.clone(),
            defaults: shared.defaults.clone(),
            held: 0,
            wasi: None,
            tasks: Tasks::default(),
            is_shared: false,
        }
    }

    pub(crate) fn request(&self) -> Option<&dyn Request> {
        match &self.current {
            Current::Request(request) => Some(request.as_ref()),
            Current::Nothing | Current::Http(_) | Current::Service(_) => None,
        }
    }

    /// Returns the body of the reply that a hook inspects.
    pub(crate) fn reply(&self) -> Content {
        self.reply.clone().unwrap_or(Content::Empty)
    }

    /// Returns the total size of the linear memories in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.limiter.memory()
    }

    /// Raises the depth to that of a new concurrent request. Outgoing requests use the maximum
    /// depth of all concurrent requests.
    pub(crate) fn serves(&mut self, depth: u32) {
        self.http.at_least(depth);
    }

    pub(crate) fn global(&self) -> &GlobalContext {
        &self.global
    }

    /// Returns the name of the component.
    pub(crate) fn component(&self) -> &str {
        &self.component
    }

    /// Returns the grants.
    pub(crate) fn grants(&self) -> &spikard_wasm_app::Grants {
        &self.capabilities.grants
    }

    /// Returns the key-value stores.
    pub(crate) fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Returns the counter of bytes in the guest's `cas` handles.
    pub(crate) fn held(&mut self) -> &mut usize {
        &mut self.held
    }

    /// Returns the table of the guest's handles.
    pub(crate) fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    pub(crate) fn report(&mut self, failure: Failure) {
        self.failure = Some(failure);
    }

    /// Logs incomplete lines of the guest's output, so that no line contains output of two
    /// calls.
    pub(crate) fn end_lines(&self) {
        if let Some(wasi) = &self.wasi {
            wasi.end_lines();
        }
    }

    /// Starts a call and resets the state of the previous one. Returns the number of its task.
    pub(crate) fn begin(&mut self, current: Current) -> u32 {
        // The guest may have printed outside a call, for example during instantiation.
        self.end_lines();
        self.current = current;
        self.failure = None;
        self.outside.depth = 0;
        self.outside.nanos = 0;
        self.tasks.begin()
    }

    /// Ends the call of a task and returns the failure that the guest reported, if any.
    pub(crate) fn end(&mut self, task: u32) -> Option<Failure> {
        self.end_lines();
        self.current = Current::Nothing;
        self.tasks.mark_answered(task);
        self.tasks.leave();
        self.failure
            .take()
            .or_else(|| self.tasks.take_failure(task))
    }

    /// Returns the instance's current task.
    pub(crate) fn current(&self) -> &Current {
        &self.current
    }

    /// Sets the request that the imports refer to.
    pub(crate) fn set_current(&mut self, current: Current) {
        self.current = current;
    }

    /// Returns true if the instance handles several tasks at once.
    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Prepares the instance to handle several tasks at once.
    pub(crate) fn share(&mut self) {
        self.is_shared = true;
    }

    /// Returns the tasks.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// Returns the tasks.
    pub(crate) fn tasks_mut(&mut self) -> &mut Tasks {
        &mut self.tasks
    }

    /// Returns the services for an operation of a task, and the task's resources.
    ///
    /// # Errors
    /// The task has ended.
    pub(crate) fn services(&mut self, task: u32) -> Result<(Services<'_>, &mut Resources), Failed> {
        let (current, resources) = self.tasks.resources(task, &self.current)?;
        let services = Services {
            capabilities: &self.capabilities,
            stores: &self.stores,
            databases: &self.databases,
            defaults: self.defaults.get(),
            component: &self.component,
            current,
        };
        Ok((services, resources))
    }

    /// Begins an export call that continues a task.
    pub(crate) fn resume(&mut self, task: u32) {
        match self.tasks.current(task) {
            Some(current) => self.current = current,
            // The task has ended. Its code must not read the request of the previous call.
            None if self.is_shared => self.current = Current::Nothing,
            // The instance has only one request.
            None => {}
        }
        self.tasks.enter(task);
    }

    /// Ends an export call that continued a task. Returns the failure that the guest reported.
    pub(crate) fn suspend(&mut self) -> Option<Failure> {
        self.tasks.leave();
        self.failure.take()
    }

    /// Counts time that the request waited for operations as time outside its guest.
    pub(crate) fn waited(&mut self, since: Stamp) {
        self.outside.nanos += Stamp::now().since(since);
    }

    /// Logs a failure of a task that has already answered.
    pub(crate) fn log_late(&self, failure: &Failure) {
        let Failure { message, detail } = failure;
        let id = self.request().map(Request::id);
        tracing::error!(
            component = &*self.component,
            request = id,
            error = message,
            detail,
            "work after the reply failed"
        );
    }

    /// Returns the limiter of memories and tables.
    pub(crate) fn limiter(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    /// Returns the nanoseconds that the call spent outside its guest until a timestamp.
    pub(crate) fn outside(&self, until: Stamp) -> u64 {
        // A call that was cancelled inside a host function has not returned from it.
        let waiting = match self.outside.depth {
            0 => 0,
            _ => until.since(self.outside.since),
        };
        self.outside.nanos + waiting
    }

    /// Sets the depth of the current request: the length of the chain of apps.
    pub(crate) fn set_depth(&mut self, depth: u32) {
        self.http.set_depth(depth);
    }

    /// Lends the guest a reply body.
    pub(crate) fn lend(&mut self, content: Content) {
        self.reply = Some(content);
    }

    /// Takes the lent reply body back.
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
    /// Creates the WASI context on first use, because many fresh instances never use it.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (component, grants) = (&self.component, &self.capabilities.grants);
        let wasi = self
            .wasi
            .get_or_insert_with(|| Box::new(wasi::context(component, grants)));
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
