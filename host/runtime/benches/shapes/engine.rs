//! The engine, the linker and the ticking of epochs, set up as the host does it.

use crate::types::{Body, Request};
use std::time::Duration;
use wasmtime::component::{Linker, Resource, ResourceTable, ResourceType};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, StoreContextMut,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// How often running guests yield.
const TICK: Duration = Duration::from_millis(10);

/// What a store holds.
pub(crate) struct State {
    /// The call in progress, for the shape that asks for its parts.
    pub(crate) request: Request,
    /// Only for a component that imports WASI, since building it takes time.
    wasi: Option<(WasiCtx, ResourceTable)>,
}

impl State {
    /// A store's state before its first call.
    pub(crate) fn new(wasi: bool) -> Self {
        Self {
            request: Request {
                route: 0,
                params: "",
                body: Body::Empty,
            },
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

/// An engine of the host's configuration: pooled instances, epochs, fibers, and
/// no component-model async.
pub(crate) fn engine() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    // StarlingMonkey and Python need tables and instances above the defaults.
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
        .table_elements(200_000);
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Advances the engine's epoch from a thread of its own, for as long as the
/// process lives.
pub(crate) fn tick(engine: &Engine) -> Result<()> {
    let engine = engine.clone();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(TICK);
                engine.increment_epoch();
            }
        })?;
    Ok(())
}

/// A linker with WASI and with the handle of shape `resource`.
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
