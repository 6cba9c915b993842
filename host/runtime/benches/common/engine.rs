//! The engine, the linker and the epoch ticker, configured as in the host.

use crate::common::types::{Body, Request};
use std::time::Duration;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, Resource, ResourceTable, ResourceType};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
    StoreContextMut, StoreLimits, StoreLimitsBuilder, bail,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// The interval at which running guests yield.
const TICK: Duration = Duration::from_millis(5);

/// The data of a store.
pub(crate) struct State {
    /// The request in progress, for the shape that queries its parts.
    pub(crate) request: Request,
    /// The limits, which wasmtime queries when a memory or table grows.
    pub(crate) limits: StoreLimits,
    /// Present only for a component that imports WASI, because building it takes time.
    wasi: Option<(WasiCtx, ResourceTable)>,
}

impl State {
    /// Returns the state of a store before its first call.
    pub(crate) fn new(wasi: bool) -> Self {
        Self {
            request: Request {
                route: 0,
                params: "",
                body: Body::Empty,
            },
            limits: StoreLimitsBuilder::new().memory_size(512 << 20).build(),
            wasi: wasi.then(|| (WasiCtx::builder().build(), ResourceTable::new())),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (ctx, table) = self
            .wasi
            .as_mut()
            .expect("a component without WASI imports calls none");
        WasiCtxView { ctx, table }
    }
}

/// The configuration of an engine: the defaults are those of the host, and measurements change
/// single settings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Knobs {
    pub(crate) pooling: bool,
    pub(crate) epochs: bool,
    pub(crate) memory_init_cow: bool,
    pub(crate) table_lazy_init: bool,
    pub(crate) memory_keep_resident: usize,
    pub(crate) table_keep_resident: usize,
    pub(crate) stack_keep_resident: usize,
    pub(crate) pagemap_scan: bool,
    pub(crate) unused_warm_slots: u32,
    pub(crate) decommit_batch: usize,
    /// The size of a memory slot.
    pub(crate) memory: usize,
    /// The number of elements in a table slot.
    pub(crate) table_elements: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            pooling: true,
            epochs: true,
            memory_init_cow: true,
            table_lazy_init: true,
            memory_keep_resident: 4 << 20,
            table_keep_resident: 1 << 20,
            stack_keep_resident: 0,
            pagemap_scan: true,
            unused_warm_slots: 100,
            decommit_batch: 1,
            memory: 512 << 20,
            table_elements: 200_000,
        }
    }
}

impl Knobs {
    /// Creates an engine with these settings.
    pub(crate) fn engine(&self) -> Result<Engine> {
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .epoch_interruption(self.epochs)
            .memory_init_cow(self.memory_init_cow)
            .table_lazy_init(self.table_lazy_init);
        if self.pooling {
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(self.pool()));
        }
        Engine::new(&config)
    }

    fn pool(&self) -> PoolingAllocationConfig {
        let mut pool = PoolingAllocationConfig::new();
        // StarlingMonkey and Python need larger tables and instances than the defaults.
        pool.total_component_instances(64)
            .total_core_instances(1024)
            .total_memories(128)
            .total_tables(512)
            .total_stacks(64)
            .max_component_instance_size(8 << 20)
            .max_core_instance_size(8 << 20)
            .max_core_instances_per_component(128)
            .max_memories_per_component(8)
            .max_tables_per_component(32)
            .max_memory_size(self.memory)
            .table_elements(self.table_elements)
            .linear_memory_keep_resident(self.memory_keep_resident)
            .table_keep_resident(self.table_keep_resident)
            .async_stack_keep_resident(self.stack_keep_resident)
            .max_unused_warm_slots(self.unused_warm_slots)
            .decommit_batch_size(self.decommit_batch)
            .pagemap_scan(match self.pagemap_scan {
                true => Enabled::Yes,
                false => Enabled::No,
            });
        pool
    }
}

/// Increments the epochs of engines from a separate thread for the lifetime of the process.
pub(crate) fn tick(engines: Vec<Engine>) -> Result<()> {
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(TICK);
                engines.iter().for_each(Engine::increment_epoch);
            }
        })?;
    Ok(())
}

/// Creates a linker with WASI and the resource of shape `resource`.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let mut request = linker.instance("bench:shapes/resource-request@0.1.0")?;
    request.resource("request", ResourceType::host::<Request>(), |_, _| Ok(()))?;
    request.func_wrap(
        "[method]request.route",
        |store: StoreContextMut<'_, State>, (_,): (Resource<Request>,)| {
            Ok((store.data().request.route,))
        },
    )?;
    request.func_wrap(
        "[method]request.params",
        |store: StoreContextMut<'_, State>, (_,): (Resource<Request>,)| {
            Ok((store.data().request.params,))
        },
    )?;
    request.func_wrap(
        "[method]request.body",
        |store: StoreContextMut<'_, State>, (_,): (Resource<Request>,)| {
            Ok((store.data().request.body,))
        },
    )?;
    Ok(linker)
}

/// Creates a linker for an app: WASI, and traps for the imports of the host, which no measured
/// handler calls. `blocking` links WASI for calls without a fiber.
pub(crate) fn app_linker(component: &Component, blocking: bool) -> Result<Linker<State>> {
    let mut linker = Linker::new(component.engine());
    match blocking {
        true => wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?,
        false => wasmtime_wasi::p2::add_to_linker_async(&mut linker)?,
    }
    let engine = component.engine();
    for (name, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(interface) = item.ty else {
            continue;
        };
        if !name.starts_with("spikard:") {
            continue;
        }
        let mut instance = linker.instance(name)?;
        for (name, item) in interface.exports(engine) {
            if let ComponentItem::ComponentFunc(_) = item.ty {
                instance.func_new(name, |_, _, _, _| bail!("no measured handler calls this"))?;
            }
        }
    }
    Ok(linker)
}
