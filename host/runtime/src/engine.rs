//! The engine: how components are compiled, where their instances live, and the
//! tick that keeps a spinning guest from stopping its worker.

use std::thread;
use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::LoadError;
use crate::limits::Limits;

/// How often the epoch advances: the longest a guest on the CPU keeps the other
/// requests of its worker waiting.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// An engine and what belongs to it.
#[derive(Debug, Clone)]
pub struct Runtime {
    engine: Engine,
    limits: Limits,
}

impl Runtime {
    /// Reserves address space for the instances and starts the ticker.
    ///
    /// # Errors
    /// The machine cannot reserve that much, or is of an unsupported kind.
    pub fn new(limits: Limits) -> Result<Self, LoadError> {
        let engine = Engine::new(&config(&limits)).map_err(|error| {
            LoadError::Engine(format!(
                "{error:#}; with a limit on address space (`ulimit -v`), raise it or lower `--max-instances`"
            ))
        })?;
        start_ticker(&engine)?;
        Ok(Self { engine, limits })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What its instances may take.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    // Component-model async costs 0.75 us a call and this interface has none.
    config.concurrency_support(false);
    config.epoch_interruption(true);
    config.memory_init_cow(true);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    config
}

/// Slots for what the largest known guests need: StarlingMonkey and Python have
/// tables and core instances above the defaults, a QuickJS component has three
/// memories. Only address space is taken until an instance touches it.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    const MEMORIES: u32 = 4;
    const TABLES: u32 = 8;
    const CORE_INSTANCES: u32 = 64;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(limits.instances)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .total_core_instances(limits.instances.saturating_mul(CORE_INSTANCES))
        .total_memories(limits.instances.saturating_mul(MEMORIES))
        .total_tables(limits.instances.saturating_mul(TABLES))
        .total_stacks(limits.instances)
        .max_memory_size(limits.memory)
        .table_elements(limits.table_elements);
    pool
}

/// Epochs tick from a thread of their own: a timer of the async runtime would
/// wait behind the very guest it is to interrupt. The thread ends with the engine.
fn start_ticker(engine: &Engine) -> Result<(), LoadError> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        })
        .map(drop)
        .map_err(|error| LoadError::Engine(format!("no thread for the epoch ticker: {error}")))
}
