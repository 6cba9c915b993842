//! Errors of loading a component and of calling it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use spikard_wasm_app::{indented, one_line};

use crate::names::WORLD;

/// Error of loading a component. Each message is one sentence that names the file and, where
/// there is one, the remedy.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file does not exist.
    #[error(
        "file `{0}` not found; build an app with `spikard-wasm build`, or run `spikard-wasm serve` alone for the demo"
    )]
    NotFound(PathBuf),
    /// The file cannot be read.
    #[error("failed to read `{0}`: {1}")]
    Unreadable(PathBuf, io::Error),
    /// The file is not WebAssembly.
    #[error("`{0}` is not WebAssembly; pass a component, which begins with the bytes `\\0asm`")]
    NotWasm(String),
    /// The file is a core module.
    #[error(
        "`{0}` is a core WebAssembly module, not a component; build it for `wasm32-wasip2`, or with `spikard-wasm build`"
    )]
    CoreModule(String),
    /// The file contains native code.
    #[error(
        "`{0}` is a precompiled component, whose native code runs unsandboxed; pass `--allow-precompiled` to `serve` if you trust the file, or serve the `.wasm` it was compiled from"
    )]
    Precompiled(String),
    /// The file contains native code that this program did not write.
    #[error(
        "`{0}` is not a complete file of `spikard-wasm compile`; compile the `.wasm` again with that command"
    )]
    ForeignCode(String),
    /// The file's hash does not match its content.
    #[error("`{0}` has changed since `spikard-wasm compile` wrote it; compile it again")]
    DamagedCode(String),
    /// The file was compiled by another version of the host, or for another machine.
    #[error(
        "`{0}` was compiled by another version of spikard-wasm or for another machine ({1}); compile it again with `spikard-wasm compile` of this host"
    )]
    OtherCode(String, String),
    /// The component is malformed.
    #[error("`{0}` is not a valid component: {1}")]
    Invalid(String, String),
    /// The component exports no supported world.
    #[error(
        "`{name}` does not export {missing} (it exports {exports}); build it with `spikard-wasm build`, or against the world `{WORLD}` (`spikard-wasm wit -o wit` writes it){hint}"
    )]
    WrongWorld {
        /// The file.
        name: String,
        /// The missing exports.
        missing: String,
        /// The actual exports.
        exports: String,
        /// A further clause about `wasi:http`, or empty.
        hint: &'static str,
    },
    /// An export has a different type than in the world.
    #[error(
        "`{0}` exports `{1}` with a different type than the world `{WORLD}`: {2}; rebuild it with the WIT of this host (`spikard-wasm wit -o wit` writes it)"
    )]
    WrongType(String, &'static str, String),
    /// An export of a `wasi:http` component has a different type than in `wasi:http`.
    #[error("`{0}` exports `{1}` with a different type than `wasi:http`: {2}")]
    WrongHttpType(String, String, String),
    /// A route handles several requests at once, but the component cannot suspend a task.
    #[error(
        "route `{route}` of `{name}` has the instance policy `shared`, but the component does not export `spikard:handler/resumable`; build it with the SDK of this version, or use `reuse`"
    )]
    NotResumable {
        /// The file.
        name: String,
        /// The route's method and pattern.
        route: String,
    },
    /// The app declares hooks that the component does not export.
    #[error(
        "route `{route}` of `{name}` declares the hook `{hook}`, but the component does not export `{hooks}`; build it against the world `http-app-with-hooks`, and export `hooks` from the app's main module",
        hooks = crate::names::HOOKS
    )]
    NoHooks {
        /// The file.
        name: String,
        /// The route.
        route: String,
        /// The first hook it declares.
        hook: &'static str,
    },
    /// The component imports an interface that the host does not provide.
    #[error("`{name}` imports `{import}`, which this host does not provide; {hint}")]
    UnknownImport {
        /// The file.
        name: String,
        /// The interface.
        import: String,
        /// The remedy.
        hint: &'static str,
    },
    /// The component imports an interface that is not granted.
    #[error(
        "`{name}` imports `{import}`, which is not granted; add `{line}` to its `[grants]` in spikard.toml"
    )]
    NotGranted {
        /// The file.
        name: String,
        /// The interface.
        import: String,
        /// The line that grants it.
        line: &'static str,
    },
    /// The operator has not granted a setting or secret that the app declares, or not a valid one.
    #[error("`{0}` cannot be served: {1}")]
    Settings(String, String),
    /// A granted folder cannot be opened.
    #[error(
        "failed to open the folder `{host}`, which `{name}` mounts at `{guest}`: {why}",
        host = .host.display()
    )]
    Directory {
        /// The file.
        name: String,
        /// The folder on the host.
        host: PathBuf,
        /// Its path in the app.
        guest: String,
        /// The cause.
        why: String,
    },
    /// A granted key-value store cannot be opened.
    #[error("failed to open the store `{store}` of `{name}` at {location}: {why}")]
    Store {
        /// The file.
        name: String,
        /// Its name in the app.
        store: String,
        /// Its location, without secrets.
        location: String,
        /// The cause.
        why: String,
    },
    /// A granted SQL database cannot be opened.
    #[error("failed to open the databases of `{name}`: {why}")]
    Database {
        /// The file.
        name: String,
        /// The database and the cause, without secrets.
        why: String,
    },
    /// The engine cannot link the component.
    #[error("failed to link `{0}`: {1}")]
    Link(String, String),
    /// A new instance exceeds a limit.
    #[error(
        "an instance of `{name}` starts with `{needs}` {what}, more than the limit of `{limit}`; raise `{key}` in `[limits]` of spikard.toml, or make the app smaller"
    )]
    OverLimit {
        /// The file.
        name: String,
        /// The resource.
        what: &'static str,
        /// The initial amount.
        needs: u64,
        /// The maximum amount.
        limit: u64,
        /// The limit's key in `[limits]`.
        key: &'static str,
    },
    /// The machine cannot reserve the address space of the instances.
    #[error(
        "failed to reserve address space for `{1}` instances of `{0}` (`{2}` linear memories each, 4 GiB per memory): {3}; lower `--max-instances`, or raise the limit on address space (`ulimit -v`)"
    )]
    Room(String, u32, u32, String),
    /// The component cannot be instantiated.
    #[error("failed to instantiate `{0}`: {1}")]
    Instantiate(String, String),
    /// `describe` trapped.
    #[error("`{0}` trapped in `describe`, which returns its routes: {1}")]
    DescribeTrapped(String, String),
    /// `describe` did not return in time.
    #[error("`{0}` did not return from `describe` within {1:?}")]
    DescribeTimeout(String, Duration),
    /// `describe` returned an error.
    #[error("the definition of the app in `{0}` is invalid: {1}")]
    Definition(String, String),
    /// The engine cannot be set up on this machine.
    #[error("failed to start the WebAssembly engine: {0}")]
    Engine(String),
}

/// Error of a call, which then has no reply. The text is for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The guest reported a failure of the app's code.
    #[error("{message}")]
    Failure {
        /// The guest's message.
        message: String,
        /// The stack trace of the guest's language, if any.
        detail: String,
    },
    /// The guest trapped; its instance was dropped.
    #[error("the guest trapped: {message}")]
    Trap {
        /// The failure that the guest reported before it trapped, otherwise the kind of trap.
        message: String,
        /// The guest's stack frames.
        detail: String,
    },
    /// The call exceeded its deadline; its instance was dropped.
    #[error("the call exceeded its deadline of {0:?}")]
    Deadline(Duration),
    /// The guest did not produce the next chunk of its reply body in time; its instance was
    /// dropped.
    #[error("the next chunk of the reply body exceeded its deadline of {0:?}")]
    Stalled(Duration),
    /// The client did not read the next chunk of the reply body in time; the instance was
    /// dropped.
    #[error("the client did not read the next chunk of the reply body within {0:?}")]
    Unread(Duration),
    /// The reply violates HTTP, a limit or the route's declaration.
    #[error("the guest's reply is invalid: {0}")]
    BadReply(String),
    /// No instance could be created.
    #[error("failed to create an instance: {0}")]
    Instantiate(String),
    /// The queue for an instance is full.
    #[error("the queue for an instance is full: {0} calls wait, the limit `queue`")]
    QueueFull(u32),
    /// No instance became available in time.
    #[error("no instance became available within {0:?}, the limit `queue_time`")]
    QueueTime(Duration),
}

/// Returns the message of an error's root cause; for a trap, the kind of trap.
pub(crate) fn root_cause(error: &wasmtime::Error) -> String {
    one_line(&error.root_cause().to_string()).into_owned()
}

/// Formats an error of the engine with its causes; a trap includes the guest's stack frames.
pub(crate) fn trace(error: &wasmtime::Error) -> String {
    indented(&format!("{error:#}"))
}
