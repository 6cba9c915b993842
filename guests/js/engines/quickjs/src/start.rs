//! Starting the engine, and loading an app.
//!
//! The tool that builds a component calls `engine_allocate` and `engine_load`, and then stores the memory of the module
//! as its initial memory.

use core::ffi::CStr;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use rquickjs_sys as qjs;

use crate::failure;
use crate::host::wasi::clocks::wall_clock;
use crate::jobs;
use crate::modules::Modules;
use crate::state::{App, init, is_initialized, state};
use crate::value::{Result, Thrown, Value, atom, context, exception, set_context};
use crate::{globals, interfaces, io, modules, rejections, sdk, timers};

/// The stack for JavaScript, in bytes of the module's own stack, which has 1.5 MiB. `tools/stack.sed` makes QuickJS use at
/// least as much of it as of the host's stack, which has 1 MiB.
const STACK: usize = 960 * 1024;

/// The clock of QuickJS, in microseconds of Unix time.
#[unsafe(no_mangle)]
extern "C" fn __rquickjs_host_now_us() -> f64 {
    let now = wall_clock::now();
    now.seconds as f64 * 1e6 + f64::from(now.nanoseconds / 1000)
}

/// Whether functions keep their source for `toString`. Those of the prelude do not, and print as native functions.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "a variable of C")]
static engine_keeps_sources: AtomicU8 = AtomicU8::new(0);

const PRELUDE: &str = include_str!(concat!(env!("OUT_DIR"), "/prelude.js"));

const STREAMS: &str = include_str!(concat!(env!("OUT_DIR"), "/streams.js"));

/// Evaluates the module of streams.
pub(crate) fn load_streams() -> Result<()> {
    without_sources(|| evaluate(&crate::value::alloc_c(STREAMS), c"streams.js", true))?;
    Ok(())
}

fn without_sources<T>(load: impl FnOnce() -> T) -> T {
    engine_keeps_sources.store(0, Relaxed);
    let result = load();
    engine_keeps_sources.store(1, Relaxed);
    result
}

/// Whether a source names a global of the module of streams, other than in quotes.
pub(crate) fn names_streams(source: &[u8]) -> bool {
    memchr::memmem::find_iter(source, b"Stream").any(|at| {
        let before = &source[..at];
        [
            &b"Readable"[..],
            b"Writable",
            b"Transform",
            b"Encoder",
            b"Decoder",
        ]
        .iter()
        .any(|word| {
            let Some(rest) = before.strip_suffix(*word) else {
                return false;
            };
            !matches!(rest.last(), Some(b'"' | b'\'' | b'`'))
        })
    })
}

/// Creates the context, and runs the prelude.
fn start() -> Result<()> {
    // SAFETY: the module has one thread, and this runs once.
    unsafe {
        let runtime = qjs::JS_NewRuntime();
        qjs::JS_SetMaxStackSize(runtime, STACK as _);
        qjs::JS_SetModuleLoaderFunc(
            runtime,
            Some(modules::normalize),
            Some(modules::load),
            core::ptr::null_mut(),
        );
        set_context(qjs::JS_NewContext(runtime));
        qjs::JS_AddPerformance(context());
        let global = Value::owned(qjs::JS_GetGlobalObject(context()));
        let plain = Value::object();
        let prototype = Value::owned(qjs::JS_GetPrototype(context(), plain.raw()));
        let adopt = evaluate(c"(value) => Promise.resolve(value)", c"engine.js", false)?;
        init(prototype.raw(), adopt);
        globals::register(&global);
        interfaces::register();
        sdk::register();
        io::register();
        rejections::watch();
    }
    let source = crate::value::alloc_c(PRELUDE);
    let promise = without_sources(|| evaluate(&source, c"prelude.js", true))?;
    if let jobs::Outcome::Rejected(error) = jobs::settle(&promise) {
        crate::value::throw(error);
        return Err(Thrown);
    }
    jobs::run();
    Ok(())
}

fn evaluate(source: &CStr, name: &CStr, module: bool) -> Result<Value> {
    let kind = if module {
        qjs::JS_EVAL_TYPE_MODULE
    } else {
        qjs::JS_EVAL_TYPE_GLOBAL
    };
    // SAFETY: the texts are valid, and the source ends with a zero byte.
    Value::result(unsafe {
        let size = source.to_bytes().len() as _;
        qjs::JS_Eval(context(), source.as_ptr(), size, name.as_ptr(), kind as i32)
    })
}

/// The error of an app that failed to load: a message, or the pending exception.
enum Failure {
    Sentence(String),
    Thrown,
}

impl From<Thrown> for Failure {
    fn from(_: Thrown) -> Self {
        Self::Thrown
    }
}

/// Evaluates a module and returns its exports.
fn module(source: &CStr, name: &CStr) -> core::result::Result<Value, Failure> {
    let kind = qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    // SAFETY: the texts are valid, and the source ends with a zero byte.
    let (module, promise) = unsafe {
        let size = source.to_bytes().len() as _;
        let function = Value::result(qjs::JS_Eval(
            context(),
            source.as_ptr(),
            size,
            name.as_ptr(),
            kind as i32,
        ))?;
        let module = qjs::JS_VALUE_GET_PTR(function.raw()).cast::<qjs::JSModuleDef>();
        // `JS_EvalFunction` takes over the function.
        (
            module,
            Value::result(qjs::JS_EvalFunction(context(), function.into_raw()))?,
        )
    };
    match jobs::settle(&promise) {
        jobs::Outcome::Fulfilled(_) => {}
        jobs::Outcome::Rejected(error) => {
            crate::value::throw(error);
            return Err(Failure::Thrown);
        }
        jobs::Outcome::Never => {
            return Err(Failure::Sentence(
                "an `await` at the top level of the app never ends: no job or timer is left that could end it".into(),
            ));
        }
    }
    // SAFETY: the module is evaluated.
    Ok(Value::result(unsafe {
        qjs::JS_GetModuleNamespace(context(), module)
    })?)
}

/// Loads the module of an app.
fn load(source: &CStr) -> core::result::Result<(), Failure> {
    // The name of no file of an app.
    let name = if state().modules.is_empty() {
        c"app.js"
    } else {
        c"spikard:main"
    };
    let mut exports = module(source, name)?;
    jobs::run();
    if exports.get(atom("definition"))?.is_undefined() {
        exports = adopted()?.unwrap_or(exports);
    }
    let app = app(&exports)?;
    timers::end_build();
    rejections::report();
    let state = state();
    let mut served = core::mem::take(&mut state.served);
    let own = served
        .iter()
        .position(|sdk| sdk.handle.raw() == app.handle.raw());
    state.sdk = own.map(|at| served.swap_remove(at));
    state.app = Some(app);
    Ok(())
}

/// Returns the component that the SDK makes of an app without `definition`, from the exports of its main module.
fn adopted() -> core::result::Result<Option<Value>, Failure> {
    let state = state();
    let (Some(adopt), Some(main)) = (&state.adopt_app, &state.modules.main) else {
        return Ok(None);
    };
    let main = Value::text(&main[..]).json()?.to_text()?.string();
    let source = crate::value::alloc_c(&format!("import * as app from {main}; export {{ app }};"));
    let exports = module(&source, c"spikard:adopted")?.get(atom("app"))?;
    let component = adopt.call(&[exports.raw()])?;
    Ok(Some(component).filter(|component| component.is_object()))
}

fn app(exports: &Value) -> core::result::Result<App, Failure> {
    let definition = export(exports, "definition")?;
    let handler = export(exports, "handler")?;
    let hooks = exports.get(atom("hooks"))?;
    let hooks = if hooks.is_undefined() {
        None
    } else {
        let [a, b, c, d, e] = [
            "onRequest",
            "preValidation",
            "preHandler",
            "onResponse",
            "onError",
        ]
        .map(|name| function(&hooks, "hooks", name));
        Some([a?, b?, c?, d?, e?])
    };
    let resumable = exports.get(atom("resumable"))?;
    let resumable = if resumable.is_undefined() {
        None
    } else {
        let [resume, cancel] =
            ["resume", "cancel"].map(|name| function(&resumable, "resumable", name));
        Some([resume?, cancel?])
    };
    Ok(App {
        describe: function(&definition, "definition", "describe")?,
        handle: function(&handler, "handler", "handle")?,
        hooks,
        resumable,
    })
}

fn export(exports: &Value, name: &str) -> core::result::Result<Value, Failure> {
    let value = exports.get(atom(name))?;
    if value.is_object() {
        return Ok(value);
    }
    Err(Failure::Sentence(format!(
        "the app does not export `{name}`, and its default export is not a fetch handler: end its main module with `export const {{ \
         definition, handler, hooks }} = app.component();`, or export an object with a function `fetch` as default"
    )))
}

fn function(object: &Value, of: &str, name: &str) -> core::result::Result<Value, Failure> {
    let value = object.get(atom(name))?;
    if value.is_function() {
        return Ok(value);
    }
    Err(Failure::Sentence(format!(
        "the export `{of}` of the app has no function `{name}`"
    )))
}

/// Allocates memory for a source, and the zero byte after it.
#[unsafe(no_mangle)]
extern "C" fn engine_allocate(size: usize) -> *mut u8 {
    Box::leak(vec![0; size + 1].into_boxed_slice()).as_mut_ptr()
}

/// Adds a module for the imports of the app, or the target of an import: see `Modules`. Call it before `engine_load`, and
/// not after it failed. A failure to start the engine is what `engine_load` returns.
///
/// # Safety
/// `text` is from `engine_allocate(size)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn engine_module(text: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let text = unsafe { Vec::from_raw_parts(text, size + 1, size + 1) };
    add(&text[..size], Modules::add);
}

/// # Safety
/// The same.
#[unsafe(no_mangle)]
unsafe extern "C" fn engine_link(text: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let text = unsafe { Vec::from_raw_parts(text, size + 1, size + 1) };
    add(&text[..size], Modules::link);
}

fn add(text: &[u8], add: fn(&mut Modules, &[u8])) {
    crate::memory::run(|| {
        if is_initialized() || start().is_ok() {
            add(&mut state().modules, text);
        }
    });
}

/// Starts the engine, and loads a source of `size` bytes from `engine_allocate`. Returns a null pointer, or a message
/// that ends with a zero byte.
///
/// # Safety
/// `source` is from `engine_allocate(size)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn engine_load(source: *mut u8, size: usize) -> *const u8 {
    // SAFETY: the caller's promise.
    let source = unsafe { Vec::from_raw_parts(source, size + 1, size + 1) };
    let run = || {
        if !is_initialized() {
            start()?;
        }
        match CStr::from_bytes_with_nul(&source) {
            Ok(source) => {
                let use_streams = names_streams(source.to_bytes()) || state().modules.use_streams;
                if use_streams && state().streams.is_none() {
                    load_streams()?;
                }
                load(source)
            }
            Err(_) => Err(Failure::Sentence(
                "the app has a NUL character in its source: remove it".into(),
            )),
        }
    };
    let message = match crate::memory::run(run) {
        Ok(()) => None,
        Err(Failure::Sentence(sentence)) => Some(sentence),
        Err(Failure::Thrown) => {
            let (message, stack) = failure::explain(&exception());
            Some(format!("{message}\n{stack}"))
        }
    };
    let message = message.map(|message| crate::value::alloc_c(&message));
    drop(source);
    // SAFETY: the runtime is alive.
    unsafe { crate::pack::pack(qjs::JS_GetRuntime(context())) };
    message.map_or(core::ptr::null(), |message| {
        message.into_raw().cast_const().cast()
    })
}
