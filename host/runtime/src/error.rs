//! Why a component cannot be loaded, and how a call can end without a reply.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use spikard_wasm_app::{indented, one_line};

use crate::names::WORLD;

/// Why a component cannot be loaded. Each is one sentence that names the file and
/// the way out.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is not there.
    #[error(
        "no such file: `{0}`; build an app with `spikard-wasm build`, or run `spikard-wasm serve` alone for the demo"
    )]
    NotFound(PathBuf),
    /// The file cannot be read.
    #[error("cannot read `{0}`: {1}")]
    Unreadable(PathBuf, io::Error),
    /// The file is something else.
    #[error("`{0}` is not WebAssembly: a component begins with the bytes `\\0asm`")]
    NotWasm(String),
    /// The file is a core module.
    #[error(
        "`{0}` is a core WebAssembly module, not a component: build it for `wasm32-wasip2`, or with `spikard-wasm build`"
    )]
    CoreModule(String),
    /// The file is machine code of some engine.
    #[error(
        "`{0}` is machine code, a component compiled ahead of time. Nothing confines it, unlike a component, so it is served only with `serve --allow-precompiled`, and only of somebody you trust; or pass the `.wasm` it was made from, whose compiled code is cached anyway"
    )]
    Precompiled(String),
    /// The file is machine code that this program did not write.
    #[error(
        "`{0}` is not what `spikard-wasm compile` writes, or not all of it: compile the `.wasm` it was made from with that command"
    )]
    ForeignCode(String),
    /// The file is not as it was written.
    #[error("`{0}` has changed since `spikard-wasm compile` wrote it: compile it again")]
    DamagedCode(String),
    /// The file was written by another host, or for another machine.
    #[error(
        "`{0}` was not compiled by this version of spikard-wasm for a machine like this one: compile it again with `spikard-wasm compile` of this host ({1})"
    )]
    OtherCode(String, String),
    /// The file is broken.
    #[error("`{0}` is not a valid component: {1}")]
    Invalid(String, String),
    /// The component does not export the world.
    #[error(
        "`{name}` does not export {missing}; it exports {exports}: build it against the world `{WORLD}` (`spikard-wasm wit -o wit` writes it; `spikard-wasm build` does it all){hint}"
    )]
    WrongWorld {
        /// The file.
        name: String,
        /// What is missing.
        missing: String,
        /// What is there.
        exports: String,
        /// What the component seems to be.
        hint: &'static str,
    },
    /// The component's exports have other types than the world's.
    #[error(
        "`{0}` exports `{1}` with another type than the world `{WORLD}` gives it: rebuild it with the WIT of this host (`spikard-wasm wit -o wit`); {2}"
    )]
    WrongType(String, &'static str, String),
    /// The same of a component for `wasi:http`.
    #[error("`{0}` exports `{1}` with another type than `wasi:http` gives it: {2}")]
    WrongHttpType(String, String, String),
    /// Its app declares hooks, which it does not export.
    #[error(
        "route `{route}` of `{name}` declares the hook `{hook}`, but the component does not export `{hooks}`: build it against the world `http-app-with-hooks`, and export `hooks` from the app's main module",
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
    /// The component imports what the host does not have.
    #[error("`{name}` imports `{import}`, which this host does not provide: {hint}")]
    UnknownImport {
        /// The file.
        name: String,
        /// The interface.
        import: String,
        /// What to do.
        hint: &'static str,
    },
    /// The component imports what it is not granted.
    #[error(
        "`{name}` imports `{import}`, which is not granted: add `{line}` to its `[grants]` in spikard.toml"
    )]
    NotGranted {
        /// The file.
        name: String,
        /// The interface.
        import: String,
        /// The line that grants it.
        line: &'static str,
    },
    /// A folder that is granted is not there.
    #[error(
        "the folder `{host}`, which `{name}` is to have as `{guest}`, cannot be opened: {why}",
        host = .host.display()
    )]
    Directory {
        /// The file.
        name: String,
        /// The folder.
        host: PathBuf,
        /// What the app knows it by.
        guest: String,
        /// Why not.
        why: String,
    },
    /// A store that is granted cannot be opened.
    #[error("the store `{store}` of `{name}` cannot be opened: {place}: {why}")]
    Store {
        /// The file.
        name: String,
        /// The name that the app knows it by.
        store: String,
        /// Where it is, without what is secret of that.
        place: String,
        /// Why not.
        why: String,
    },
    /// The engine cannot link it.
    #[error("`{0}` cannot be linked: {1}")]
    Link(String, String),
    /// An instance needs more from the start than it may have.
    #[error(
        "an instance of `{name}` begins with {needs} {what}, and the limit is {limit}: raise `{key}` in `[limits]` of spikard.toml, or build the app smaller"
    )]
    OverLimit {
        /// The file.
        name: String,
        /// What it needs.
        what: &'static str,
        /// How much.
        needs: u64,
        /// How much it may have.
        limit: u64,
        /// The limit's name.
        key: &'static str,
    },
    /// The machine has no room for its instances.
    #[error(
        "there is no room for {1} instances of `{0}` (linear memories of each: {2}, address space of each memory: 4 GiB): lower `--max-instances`, or raise the limit on address space (`ulimit -v`); {3}"
    )]
    Room(String, u32, u32, String),
    /// No instance can be made.
    #[error("`{0}` cannot be instantiated: {1}")]
    Instantiate(String, String),
    /// `describe` trapped.
    #[error("`{0}` trapped in `describe`, before it could say what its routes are: {1}")]
    DescribeTrapped(String, String),
    /// `describe` did not return.
    #[error("`{0}` did not return from `describe` within {1:?}")]
    DescribeTimeout(String, Duration),
    /// The guest's own definition is wrong.
    #[error("the app in `{0}` is not well defined: {1}")]
    Definition(String, String),
    /// The engine cannot be set up on this machine.
    #[error("the WebAssembly engine cannot start: {0}")]
    Engine(String),
}

/// How a call can end without a reply. The text is for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The guest reported that its user's code failed.
    #[error("{message}")]
    Failure {
        /// What happened.
        message: String,
        /// The guest language's stack, if it has one.
        detail: String,
    },
    /// The guest trapped; its instance is gone.
    #[error("the guest trapped: {message}")]
    Trap {
        /// What the guest reported before it trapped, or else which trap it was.
        message: String,
        /// The guest's frames.
        detail: String,
    },
    /// The call ran past its deadline; its instance is gone.
    #[error("the call ran past its deadline of {0:?}")]
    Deadline(Duration),
    /// The guest let the next piece of its reply's body wait; its instance is gone.
    #[error("the next piece of the reply's body ran past its deadline of {0:?}")]
    Stalled(Duration),
    /// The client did not take the next piece of the reply's body; the instance is gone.
    #[error("the client did not take the next piece of the reply's body within {0:?}")]
    Unread(Duration),
    /// The reply cannot be sent.
    #[error("the guest's reply cannot be sent: {0}")]
    BadReply(String),
    /// No instance could be made.
    #[error("no instance could be made: {0}")]
    Instantiate(String),
    /// As many calls wait for an instance as may.
    #[error("{0} calls wait for an instance already, which is the limit `queue`")]
    QueueFull(u32),
    /// It waited for an instance for as long as it may.
    #[error("no instance came free within {0:?}, which is the limit `queue_time`")]
    QueueTime(Duration),
}

/// The last cause of an error: for a trap, which it was.
pub(crate) fn root_cause(error: &wasmtime::Error) -> String {
    one_line(&error.root_cause().to_string()).into_owned()
}

/// An error of the engine with its causes; a trap's has the guest's frames.
pub(crate) fn trace(error: &wasmtime::Error) -> String {
    indented(&format!("{error:#}"))
}
