//! Snapshots of the JavaScript engine: builds a component from the source of an app.
//!
//! The engine (`guests/js/engines/quickjs`) is a component with one core module. The snapshot runs
//! that module until it has loaded the app, and stores its memory as the initial memory of the
//! app's component. The module is compiled once and cached like a component.

mod build_imports;
mod image;
mod state;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Instance, Module, Store, StoreLimitsBuilder, TypedFunc, WasmResults};

use self::state::{DEADLINE, State};
use crate::cache::{Cache, Key};
use crate::component::Progress;
use crate::engine;
use crate::error::root_cause;
use crate::limits::Limits;
use crate::precompiled::Artifact;
use crate::world::Interfaces;

/// A JavaScript module of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceModule {
    /// Name in stacks, and for imports of this module.
    pub name: String,
    /// Source of an ES module in JavaScript.
    pub source: String,
    /// Imports of this module under another name than the imported module's.
    pub links: Vec<Link>,
}

/// An import that resolves to a module of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Text of the import.
    pub specifier: String,
    /// Name of the imported module.
    pub name: String,
}

/// Error of building a component from source.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The app failed to load: a message, and the stack of the exception in further lines.
    #[error("{0}")]
    App(String),
    /// The top level of the app did not end.
    #[error(
        "the app did not load within {} s: its top level does not end; move the work into a handler",
        .0.as_secs()
    )]
    TimedOut(Duration),
    /// The engine failed.
    #[error("failed to run the JavaScript engine: {0}")]
    Engine(String),
}

/// Maximum WebAssembly stack in bytes. QuickJS ends a recursion before it.
const STACK: usize = 8 << 20;

/// Stack of the thread that loads an app.
const THREAD_STACK: usize = STACK + (4 << 20);

/// Maximum memory of an app while it loads, in bytes.
const MEMORY: usize = 1 << 30;

/// Name of the exported core module in the component that the cache stores.
const MODULE: &str = "engine";

/// Builds a component from the modules of an app. `component` is that of the engine, `main`
/// the source of a module that imports and exports what the engine needs.
///
/// # Errors
/// The app throws, does not end or exports no handler; see [`SnapshotError`].
pub fn snapshot(
    component: &[u8],
    modules: &[SourceModule],
    main: &str,
    cache: Option<&Cache>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, SnapshotError> {
    let parts =
        image::parts(component).map_err(|error| SnapshotError::Engine(error.to_string()))?;
    let limits = Limits {
        stack: STACK,
        ..Limits::default()
    };
    let compiler = Engine::new(&engine::config(&limits, false)).map_err(engine_error)?;
    let module = compile(&compiler, parts.module, cache, progress).map_err(engine_error)?;
    let memory = thread::scope(|scope| {
        let load = || load(&compiler, &module, modules, main);
        let thread = thread::Builder::new().stack_size(THREAD_STACK);
        let thread = thread
            .spawn_scoped(scope, load)
            .map_err(|error| SnapshotError::Engine(format!("failed to spawn a thread: {error}")))?;
        let panicked = |_| Err(SnapshotError::Engine("the thread panicked".to_owned()));
        thread.join().unwrap_or_else(panicked)
    })?;
    image::component(&parts, memory).map_err(|error| SnapshotError::Engine(error.to_string()))
}

/// Compiles the engine's module, or takes it from the cache. The cache stores components, so the
/// module is wrapped in one.
fn compile(
    engine: &Engine,
    module: &[u8],
    cache: Option<&Cache>,
    progress: &mut dyn FnMut(Progress),
) -> wasmtime::Result<Module> {
    let wrapped = image::wrap(module, MODULE);
    let key = cache.map(|cache| (cache, Key::new(engine, &wrapped)));
    let cached = key
        .as_ref()
        .and_then(|(cache, key)| cache.load(engine, key));
    let component = match cached {
        Some((_, component)) => component,
        None => {
            progress(Progress::Compiling(module.len() as u64));
            let artifact = Artifact::compile(engine, &wrapped, Interfaces::default())?;
            progress(Progress::Compiled);
            if let Some((cache, key)) = key {
                cache.store(&key, &artifact);
            }
            artifact.component(engine)?
        }
    };
    exported(engine, &component)
}

fn exported(engine: &Engine, component: &Component) -> wasmtime::Result<Module> {
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Linker::new(engine).instantiate(&mut store, component)?;
    let module = instance.get_module(&mut store, MODULE);
    module.ok_or_else(|| wasmtime::Error::msg("the component of the engine exports no module"))
}

/// Runs the engine until it has loaded the app, and returns its memory.
fn load(
    engine: &Engine,
    module: &Module,
    modules: &[SourceModule],
    main: &str,
) -> Result<Vec<u8>, SnapshotError> {
    let state = State {
        limits: StoreLimitsBuilder::new().memory_size(MEMORY).build(),
        wait: 0,
        start: Instant::now(),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limits);
    store.set_epoch_deadline(1);
    let linker = build_imports::linker(engine, module).map_err(engine_error)?;
    let instance = linker.instantiate(&mut store, module);
    let instance = instance.map_err(engine_error)?;
    let loader = Loader::new(&instance, store).map_err(engine_error)?;
    // Interrupts an app that does not end. Dropping the sender ends the thread.
    let (done, ended) = mpsc::channel::<()>();
    let ticker = engine.clone();
    thread::spawn(move || {
        if ended.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            ticker.increment_epoch();
        }
    });
    let loaded = loader.load(modules, main);
    drop(done);
    loaded
}

/// The functions of the engine that load an app.
struct Loader {
    store: Store<State>,
    memory: wasmtime::Memory,
    allocate: TypedFunc<u32, u32>,
    add_module: TypedFunc<(u32, u32), ()>,
    add_link: TypedFunc<(u32, u32), ()>,
    load: TypedFunc<(u32, u32), u32>,
}

impl Loader {
    fn new(instance: &Instance, mut store: Store<State>) -> wasmtime::Result<Self> {
        let memory = instance.get_memory(&mut store, "memory");
        Ok(Self {
            memory: memory.ok_or_else(|| wasmtime::Error::msg("the engine exports no memory"))?,
            allocate: instance.get_typed_func(&mut store, "engine_allocate")?,
            add_module: instance.get_typed_func(&mut store, "engine_module")?,
            add_link: instance.get_typed_func(&mut store, "engine_link")?,
            load: instance.get_typed_func(&mut store, "engine_load")?,
            store,
        })
    }

    fn load(mut self, modules: &[SourceModule], main: &str) -> Result<Vec<u8>, SnapshotError> {
        for module in modules {
            let add = self.add_module.clone();
            self.call(&add, &[&module.name, &module.source])?;
            for link in &module.links {
                let add = self.add_link.clone();
                self.call(&add, &[&module.name, &link.specifier, &link.name])?;
            }
        }
        let load = self.load.clone();
        let message = self.call(&load, &[main])?;
        let memory = self.memory.data(&self.store);
        if message == 0 {
            return Ok(memory.to_vec());
        }
        let message = memory.get(message as usize..).unwrap_or_default();
        let end = message.iter().position(|&byte| byte == 0);
        let message = &message[..end.unwrap_or(message.len())];
        Err(SnapshotError::App(
            String::from_utf8_lossy(message).into_owned(),
        ))
    }

    /// Calls a function with texts, which it takes with zero bytes between them.
    fn call<T: WasmResults>(
        &mut self,
        function: &TypedFunc<(u32, u32), T>,
        parts: &[&str],
    ) -> Result<T, SnapshotError> {
        let text = parts.join("\0");
        let too_long = |_| {
            SnapshotError::App("the app's source has over 4 GB; remove data from it".to_owned())
        };
        let size = u32::try_from(text.len()).map_err(too_long)?;
        let start = self.allocate.clone().call(&mut self.store, size);
        let start = start.map_err(|error| self.failure(&error))?;
        let written = self
            .memory
            .write(&mut self.store, start as usize, text.as_bytes());
        written.map_err(|error| SnapshotError::Engine(error.to_string()))?;
        let result = function.call(&mut self.store, (start, size));
        result.map_err(|error| self.failure(&error))
    }

    /// Explains why a call of the engine ended with a trap or an error of an import.
    fn failure(&self, error: &wasmtime::Error) -> SnapshotError {
        if self.store.data().start.elapsed() >= DEADLINE {
            return SnapshotError::TimedOut(DEADLINE);
        }
        match error.downcast_ref::<build_imports::NotInBuild>() {
            Some(error) => SnapshotError::App(error.to_string()),
            None => SnapshotError::Engine(root_cause(error)),
        }
    }
}

fn engine_error(error: wasmtime::Error) -> SnapshotError {
    SnapshotError::Engine(root_cause(&error))
}
