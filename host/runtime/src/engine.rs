//! Engines: one that compiles components, and for each component one that runs it, with
//! room for as many instances as it may have, and a tick that keeps a spinning guest
//! from stopping its worker.

use std::fs;
use std::thread;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::LoadError;
use crate::limits::Limits;
use crate::outbound::Capabilities;

/// How often the epoch advances: the longest a guest on the CPU keeps the other
/// requests of its worker waiting.
const TICK: Duration = Duration::from_millis(2);

/// How much of a stack is the host's, below what the guest may take: calls of the host
/// run on the stack of the guest that calls them.
const HOST_STACK: usize = 1536 << 10;

/// A WebAssembly page, in bytes.
const PAGE: u64 = 64 << 10;

/// Loads components, each into an engine of its own.
#[derive(Debug, Clone)]
pub struct Runtime {
    compilers: [Engine; 2],
    limits: Limits,
    capabilities: Capabilities,
    tick: Duration,
    /// Whether what is not granted is there all the same, and of no use.
    looks_only: bool,
}

impl Runtime {
    /// Prepares to compile.
    ///
    /// # Errors
    /// The machine is of an unsupported kind, or the limits contradict each other.
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
            looks_only: false,
        })
    }

    /// Loads components whatever they import of what can be granted, to look at them: it
    /// is there, and empty.
    #[must_use]
    pub fn looking_only(mut self) -> Self {
        self.looks_only = true;
        self
    }

    /// Whether components are only looked at.
    pub(crate) fn looks_only(&self) -> bool {
        self.looks_only
    }

    /// How often the epoch advances, 2 ms where this is not called: a guest that spins past
    /// its deadline is stopped at the next tick. For whoever counts instructions, which
    /// ticks by the clock on the wall would disturb.
    #[must_use]
    pub fn ticking(mut self, every: Duration) -> Self {
        self.tick = every;
        self
    }

    /// How often the epoch advances.
    pub(crate) fn tick(&self) -> Duration {
        self.tick
    }

    /// Grants what it loads the use of something outside.
    #[must_use]
    pub fn granting(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// What is granted.
    pub(crate) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The engine that compiles what is concurrent or is not; it runs nothing.
    pub(crate) fn compiler(&self, is_concurrent: bool) -> &Engine {
        &self.compilers[usize::from(is_concurrent)]
    }

    /// Both, the one that is wanted more often first.
    pub(crate) fn compilers(&self) -> &[Engine] {
        &self.compilers
    }

    /// What the instances of what it loads may take.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

/// What engines that share compiled code must agree on.
fn config(limits: &Limits, is_concurrent: bool) -> Config {
    let mut config = Config::new();
    // Component-model async costs 0.75 us a call, and only `wasi:http` 0.3 has it.
    config.concurrency_support(is_concurrent);
    config.epoch_interruption(true);
    config.memory_init_cow(true);
    config.max_wasm_stack(limits.stack);
    config.async_stack_size(limits.stack.saturating_add(HOST_STACK));
    config
}

/// An engine with room for the instances of one component, whose epoch advances.
///
/// # Errors
/// The machine cannot reserve as much, or the component needs more than it may have.
pub(crate) fn for_component(
    name: &str,
    component: &Component,
    limits: &Limits,
    is_concurrent: bool,
    tick: Duration,
) -> Result<Engine, LoadError> {
    let needs = Needs::of(component);
    needs.check(name, limits)?;
    let mut config = config(limits, is_concurrent);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(
        &needs,
        limits,
        is_concurrent,
    )));
    let engine = Engine::new(&config).map_err(|error| {
        LoadError::Room(
            name.to_owned(),
            limits.instances,
            needs.memories,
            format!("{error:#}"),
        )
    })?;
    start_ticker(&engine, tick)?;
    Ok(engine)
}

/// What an instance of a component takes from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) memories: u32,
    /// The largest memory, in bytes.
    pub(crate) memory: u64,
    pub(crate) tables: u32,
    /// The largest table.
    pub(crate) table_elements: u64,
}

impl Needs {
    pub(crate) fn of(component: &Component) -> Self {
        // A component that imports modules does not know; the world has none.
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

/// Slots for the instances. Only address space is taken until an instance touches it:
/// 4 GiB for each memory, with what guards it.
fn pool(needs: &Needs, limits: &Limits, is_concurrent: bool) -> PoolingAllocationConfig {
    /// More than any known guest has. It is only counted.
    const CORE_INSTANCES: u32 = 256;
    /// The largest that a description of an instance may be. It is only compared.
    const INSTANCE_SIZE: usize = 16 << 20;
    let instances = limits.instances;
    let all = |each: u32| instances.saturating_mul(each);
    // Each of several calls at once has a stack, and what a guest starts beside them.
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
        .max_memories_per_component(needs.memories)
        .max_memories_per_module(needs.memories)
        .total_memories(all(needs.memories))
        .max_tables_per_component(needs.tables)
        .max_tables_per_module(needs.tables)
        .total_tables(all(needs.tables))
        .total_stacks(stacks)
        .max_memory_size(limits.memory)
        .table_elements(limits.table_elements)
        .linear_memory_keep_resident(residency.memory)
        .table_keep_resident(residency.table)
        .pagemap_scan(residency.pagemap_scan);
    pool
}

/// How much of what an instance leaves behind is wiped and kept for the next one,
/// rather than given back to the system and asked for again page by page. Decision 0008
/// has the measurements.
struct Residency {
    memory: usize,
    table: usize,
    pagemap_scan: Enabled,
}

impl Residency {
    fn of_this_machine() -> Self {
        // In wasmtime 48 a dirty page that was swapped out is not wiped by the scan; and
        // without the scan whole ranges are wiped, dirty or not, which costs more than
        // it saves.
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

/// Whether the system has no swap space, as far as it says.
fn swap_is_off() -> bool {
    let swaps = fs::read_to_string("/proc/swaps");
    swaps.is_ok_and(|swaps| swaps.lines().count() <= 1)
}

/// Epochs tick from a thread of their own: a timer of the async runtime would
/// wait behind the very guest it is to interrupt. The thread ends with the engine.
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
        .map_err(|error| LoadError::Engine(format!("no thread for the epoch ticker: {error}")))
}
