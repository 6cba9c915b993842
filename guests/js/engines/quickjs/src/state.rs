//! The state of the engine.

use std::collections::BTreeMap;

use rquickjs_sys as qjs;

use crate::memory::Global;
use crate::modules::Modules;
use crate::ops::Ops;
use crate::stages::Stage;
use crate::timers::Timers;
use crate::value::{Atom, JSValue, Text, Value, atom};

/// Names of properties.
pub(crate) struct Atoms {
    pub(crate) tag: Atom,
    pub(crate) val: Atom,
    pub(crate) then: Atom,
    pub(crate) message: Atom,
    pub(crate) stack: Atom,
    pub(crate) cause: Atom,
}

/// The functions that the app exports.
pub(crate) struct App {
    pub(crate) describe: Value,
    pub(crate) handle: Value,
    pub(crate) hooks: Option<[Value; 5]>,
    /// `resume` and `cancel`, of an app that uses the interface `io` itself.
    pub(crate) resumable: Option<[Value; 2]>,
}

/// A route of an app that uses the SDK.
pub(crate) struct Route {
    pub(crate) handler: Value,
    /// The status of a reply that sets none; 0 for the default.
    pub(crate) status: u16,
}

/// The functions of the SDK that the engine calls, so that a call of a handler needs no JavaScript of the SDK.
pub(crate) struct Sdk {
    /// The export of the app that the engine runs itself.
    pub(crate) handle: Value,
    pub(crate) routes: Vec<Route>,
    /// The class of contexts, and its prototype.
    pub(crate) class: qjs::JSClassID,
    pub(crate) prototype: Value,
    /// Converts a value to a reply: `(value, status) => [status, headers, content]`.
    pub(crate) lower: Value,
    /// Converts an error to a reply.
    pub(crate) fail: Value,
    /// `(text, context) => object` for a form.
    pub(crate) form: Value,
    /// `(context) => Request`
    pub(crate) request: Value,
    /// `(context) => LocalContext`
    pub(crate) local: Value,
    /// `(context) => void`: aborts the signal of the request.
    pub(crate) cancel: Value,
    pub(crate) globals: Value,
}

/// The body of a request: the tag of the variant, and its bytes, with a zero byte after them.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) tag: u8,
    pub(crate) bytes: &'static [u8],
}

impl Body {
    pub(crate) const EMPTY: Body = Body { tag: 0, bytes: &[] };
}

/// A task: the call in progress, or one that waits.
pub(crate) struct Call {
    /// The number of the call in this instance, with which jobs refer to it; 0 for none.
    pub(crate) serial: u32,
    /// The number of the task; 0 until it is needed.
    pub(crate) task: u32,
    pub(crate) params: &'static [u8],
    pub(crate) body: Body,
    /// The arguments of a call that has returned to the host, with a zero byte after each.
    pub(crate) arguments: Option<[Box<[u8]>; 2]>,
    /// The context of the handler, which owns none of the values below.
    pub(crate) context: JSValue,
    pub(crate) params_value: Option<Value>,
    pub(crate) body_value: Option<Value>,
    pub(crate) request_value: Option<Value>,
    pub(crate) local_value: Option<Value>,
    /// The reference to the context.
    pub(crate) owned_context: Option<Value>,
    /// The call in progress during hooks; the SDK sets it. `None` before the first call.
    pub(crate) current: Option<Value>,
    /// What the task waits for; `None` after it has answered.
    pub(crate) stage: Option<Stage>,
    /// Whether the task has ended: jobs of it are left, which cannot start operations.
    pub(crate) is_ended: bool,
    /// Whether the export of the task has returned to the host.
    pub(crate) is_late: bool,
    pub(crate) is_cancelled: bool,
    /// Whether the task was failed, so that it must not be answered.
    pub(crate) is_failed: bool,
    /// Whether the task has started operations or timers.
    pub(crate) has_ops: bool,
    /// The number of promises of `waitUntil` that are pending.
    pub(crate) held: u32,
}

impl Call {
    pub(crate) const IDLE: Call = Call {
        serial: 0,
        task: 0,
        params: &[],
        body: Body::EMPTY,
        arguments: None,
        context: qjs::JS_UNDEFINED,
        params_value: None,
        body_value: None,
        request_value: None,
        local_value: None,
        owned_context: None,
        current: None,
        stage: None,
        is_ended: false,
        is_late: false,
        is_cancelled: false,
        is_failed: false,
        has_ops: false,
        held: 0,
    };
}

/// Everything that the engine keeps between calls.
pub(crate) struct State {
    pub(crate) atoms: Atoms,
    pub(crate) object_prototype: JSValue,
    /// Returns a promise for a thenable.
    pub(crate) adopt: Value,
    pub(crate) app: Option<App>,
    pub(crate) sdk: Option<Sdk>,
    /// The apps that the SDK registers while the module is loaded. A module can create several and export one.
    pub(crate) served: Vec<Sdk>,
    pub(crate) modules: Modules,
    /// The number of calls; 0 before the first one, that is, while the component is built.
    pub(crate) number: u32,
    pub(crate) call: Call,
    /// The serial number of the call that the export in progress is about.
    pub(crate) home: u32,
    /// The tasks that wait, by number.
    pub(crate) suspended: BTreeMap<u32, Call>,
    pub(crate) ops: Ops,
    pub(crate) timers: Timers,
    /// The rejected promises that nothing handles, with their reasons.
    pub(crate) rejections: Vec<(Value, Value)>,
    /// Whether the warning about leftovers was logged.
    pub(crate) warned: bool,
    /// Whether the host does not have the operation `log`.
    pub(crate) has_no_log: bool,
    /// Returns the component of an app that does not use the SDK: `(exports) => { definition, handler, hooks }`, or
    /// `undefined`.
    pub(crate) adopt_app: Option<Value>,
    /// The class `ReadableStream`, once it is in use.
    pub(crate) streams: Option<Value>,
    /// The texts and bytes of the last result, which the host reads after the call.
    pub(crate) texts: Vec<Text>,
    pub(crate) values: Vec<Value>,
}

static STATE: Global<*mut State> = Global::new(core::ptr::null_mut());

/// Returns the state.
///
/// # Safety of the callers
/// The module has one thread, and no caller keeps a reference to a field while JavaScript runs that could replace it.
#[inline]
#[allow(clippy::mut_from_ref)]
pub(crate) fn state() -> &'static mut State {
    // SAFETY: `init` runs before every other function.
    unsafe { &mut *STATE.0.get() }
}

/// Whether `init` has run.
pub(crate) fn is_initialized() -> bool {
    !STATE.0.get().is_null()
}

/// Creates the state. The context exists.
pub(crate) fn init(object_prototype: JSValue, adopt: Value) {
    let state = State {
        atoms: Atoms {
            tag: atom("tag"),
            val: atom("val"),
            then: atom("then"),
            message: atom("message"),
            stack: atom("stack"),
            cause: atom("cause"),
        },
        object_prototype,
        adopt,
        app: None,
        sdk: None,
        served: Vec::new(),
        modules: Modules::default(),
        number: 0,
        call: Call::IDLE,
        home: 0,
        suspended: BTreeMap::new(),
        ops: Ops::default(),
        timers: Timers::default(),
        rejections: Vec::new(),
        warned: false,
        has_no_log: false,
        adopt_app: None,
        streams: None,
        texts: Vec::new(),
        values: Vec::new(),
    };
    STATE.0.set(Box::into_raw(Box::new(state)));
}
