//! wasmtime engines.
//!
//! One engine per setting compiles components. Each loaded component runs in a separate engine,
//! whose pool has a slot for each of its instances and whose epoch ticks, so that a guest that
//! computes without pause cannot block its worker.

use std::fs;
use std::thread;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::LoadError;
use crate::limits::Limits;
use crate::outbound::Capabilities;

/// Interval of the epoch: the maximum time that a computing guest blocks the other requests of
/// its worker.
const TICK: Duration = Duration::from_millis(2);

/// Stack size for host functions in bytes, in addition to the guest's: host functions run on the
/// stack of the guest that calls them.
const HOST_STACK: usize = 1536 << 10;

/// Size of a WebAssembly page in bytes.
const PAGE: u64 = 64 << 10;

/// Loads components, each into a separate engine.
#[derive(Debug, Clone)]
pub struct Runtime {
    compilers: [Engine; 2],
    limits: Limits,
    capabilities: Capabilities,
    tick: Duration,
    /// True if components load without their grants, for inspection.
    inspect_only: bool,
}

impl Runtime {
    /// Creates a runtime.
    ///
    /// # Errors
    /// The machine is not supported, or the limits contradict each other.
    pub fn new(limits: Limits) -> Result<Self, LoadError> {
        let compiler = |is_concurrent| {
            let engine = Engine::new(&config(&limits, is_concurrent));
            engine.map_err(|error| LoadError::Engine(format!("{error:#}")))
        };
        Ok(Self {
            compilers: [compiler(false)?, compiler(true)?],
            limits,
            capabilities: Capabilities::default(),
            tick: TICK,
            inspect_only: false,
        })
    }

    /// Loads components without checking their grants, for inspection. Granted interfaces are
    /// linked, but empty.
    #[must_use]
    pub fn inspect_only(mut self) -> Self {
        self.inspect_only = true;
        self
    }

    /// Returns true if components are loaded for inspection only.
    pub(crate) fn is_inspect_only(&self) -> bool {
        self.inspect_only
    }

    /// Sets the interval of the epoch [default: 2 ms]. A guest that exceeds its deadline is
    /// stopped at the next tick. Benchmarks that count instructions set a long interval, because
    /// ticks depend on wall-clock time.
    #[must_use]
    pub fn with_tick(mut self, interval: Duration) -> Self {
        self.tick = interval;
        self
    }

    /// Returns the interval of the epoch.
    pub(crate) fn tick(&self) -> Duration {
        self.tick
    }

    /// Sets the capabilities of the components that this runtime loads.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Returns the capabilities.
    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Returns the engine that compiles components with or without component-model async. It
    /// runs no instances.
    pub(crate) fn compiler(&self, is_concurrent: bool) -> &Engine {
        &self.compilers[usize::from(is_concurrent)]
    }

    /// Returns both compiling engines, the more common one first.
    pub(crate) fn compilers(&self) -> &[Engine] {
        &self.compilers
    }

    /// Returns the limits of the instances that this runtime loads.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

/// Returns the settings that must be equal in all engines that share compiled code.
pub(crate) fn config(limits: &Limits, is_concurrent: bool) -> Config {
    let mut config = Config::new();
    // Component-model async costs 0.75 us per call, and only `wasi:http` 0.3 needs it.
    config.concurrency_support(is_concurrent);
    config.epoch_interruption(true);
    config.memory_init_cow(true);
    config.max_wasm_stack(limits.stack);
    config.async_stack_size(limits.stack.saturating_add(HOST_STACK));
    config
}

/// Creates the engine for one component, with a pool for its instances, and starts its epoch
/// ticker.
///
/// # Errors
/// The machine cannot reserve the address space, or the component exceeds a limit.
pub(crate) fn for_component(
    name: &str,
    component: &Component,
    limits: &Limits,
    is_concurrent: bool,
    tick: Duration,
) -> Result<Engine, LoadError> {
    let resources = InitialResources::of(component);
    resources.check(name, limits)?;
    let mut config = config(limits, is_concurrent);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(
        &resources,
        limits,
        is_concurrent,
    )));
    let engine = Engine::new(&config).map_err(|error| {
        LoadError::Room(
            name.to_owned(),
            limits.instances,
            resources.memories,
            format!("{error:#}"),
        )
    })?;
    start_ticker(&engine, tick)?;
    Ok(engine)
}

/// Resources of a new instance of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InitialResources {
    pub(crate) memories: u32,
    /// Initial size of the largest memory in bytes.
    pub(crate) memory: u64,
    pub(crate) tables: u32,
    /// Initial elements of the largest table.
    pub(crate) table_elements: u64,
}

impl InitialResources {
    pub(crate) fn of(component: &Component) -> Self {
        // wasmtime knows the resources unless the component imports modules, which no supported
        // world does.
        component.resources_required().map_or(
            Self {
                memories: 4,
                memory: 0,
                tables: 8,
                table_elements: 0,
            },
            |needs| Self {
                memories: needs.num_memories,
                memory: needs
                    .max_initial_memory_size
                    .unwrap_or(0)
                    .saturating_mul(PAGE),
                tables: needs.num_tables,
                table_elements: needs.max_initial_table_size.unwrap_or(0),
            },
        )
    }

    fn check(&self, name: &str, limits: &Limits) -> Result<(), LoadError> {
        let over = |what, needs, limit, key| {
            Err(LoadError::OverLimit {
                name: name.to_owned(),
                what,
                needs,
                limit,
                key,
            })
        };
        let (memory, elements) = (limits.memory as u64, limits.table_elements as u64);
        if self.memory > memory {
            return over("bytes of memory", self.memory, memory, "memory");
        }
        if self.table_elements > elements {
            let needs = self.table_elements;
            return over("elements of a table", needs, elements, "table_elements");
        }
        Ok(())
    }
}

/// Configures the pool of instance slots. A slot takes only address space until an instance
/// touches it: 4 GiB plus guard pages per memory.
fn pool(
    resources: &InitialResources,
    limits: &Limits,
    is_concurrent: bool,
) -> PoolingAllocationConfig {
    /// Maximum core instances per component, more than any known guest has. Reserves nothing.
    const CORE_INSTANCES: u32 = 256;
    /// Maximum size of an instance's metadata in bytes. Reserves nothing.
    const INSTANCE_SIZE: usize = 16 << 20;
    let instances = limits.instances;
    let all = |each: u32| instances.saturating_mul(each);
    // Each concurrent call needs a stack, and each task that a guest starts as well.
    let stacks = match is_concurrent {
        true => all(limits.concurrent_requests.saturating_mul(2)),
        false => instances,
    };
    let residency = Residency::of_this_machine();
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .max_component_instance_size(INSTANCE_SIZE)
        .max_core_instance_size(INSTANCE_SIZE)
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_core_instances(all(CORE_INSTANCES))
        .max_memories_per_component(resources.memories)
        .max_memories_per_module(resources.memories)
        .total_memories(all(resources.memories))
        .max_tables_per_component(resources.tables)
        .max_tables_per_module(resources.tables)
        .total_tables(all(resources.tables))
        .total_stacks(stacks)
        .max_memory_size(limits.memory)
        .table_elements(limits.table_elements)
        .linear_memory_keep_resident(residency.memory)
        .table_keep_resident(residency.table)
        .pagemap_scan(residency.pagemap_scan);
    pool
}

/// How many bytes of a dropped instance's memory are zeroed and kept for the next instance,
/// instead of being returned to the system and faulted in again. Decision 0008 has the
/// measurements.
struct Residency {
    memory: usize,
    table: usize,
    pagemap_scan: Enabled,
}

impl Residency {
    fn of_this_machine() -> Self {
        // The pagemap scan of wasmtime 48 does not zero dirty pages that were swapped out, so
        // it is used only without swap. Without the scan, wasmtime zeroes clean pages too, which
        // costs more than it saves.
        let scan = swap_is_off() && PoolingAllocationConfig::is_pagemap_scan_available();
        match scan {
            true => Self {
                memory: 4 << 20,
                table: 1 << 20,
                pagemap_scan: Enabled::Yes,
            },
            false => Self {
                memory: 0,
                table: 64 << 10,
                pagemap_scan: Enabled::No,
            },
        }
    }
}

/// Returns true if the system reports no swap space.
fn swap_is_off() -> bool {
    let swaps = fs::read_to_string("/proc/swaps");
    swaps.is_ok_and(|swaps| swaps.lines().count() <= 1)
}

/// Starts the thread that advances the engine's epoch. A timer of the async runtime could not
/// interrupt a guest that blocks the runtime. The thread ends when the engine is dropped.
fn start_ticker(engine: &Engine, tick: Duration) -> Result<(), LoadError> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(tick);
            }
        })
        .map(drop)
        .map_err(|error| LoadError::Engine(format!("failed to spawn the epoch thread: {error}")))
}
