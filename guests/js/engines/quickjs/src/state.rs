//! The state of the engine.

use rquickjs_sys as qjs;

use crate::memory::Global;
use crate::modules::Modules;
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

/// The call in progress.
pub(crate) struct Call {
    /// The number of the call; 0 before the first one, that is, while the component is built.
    pub(crate) number: u32,
    pub(crate) params: &'static [u8],
    pub(crate) body: Body,
    /// The context of the handler, which owns none of the values below.
    pub(crate) context: JSValue,
    pub(crate) params_value: Option<Value>,
    pub(crate) body_value: Option<Value>,
    pub(crate) request_value: Option<Value>,
    pub(crate) local_value: Option<Value>,
    /// The call in progress during hooks; the SDK sets it. `None` before the first call.
    pub(crate) current: Option<Value>,
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
    pub(crate) call: Call,
    pub(crate) timers: Timers,
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
        call: Call {
            number: 0,
            params: &[],
            body: Body::EMPTY,
            context: qjs::JS_UNDEFINED,
            params_value: None,
            body_value: None,
            request_value: None,
            local_value: None,
            current: None,
        },
        timers: Timers::default(),
        streams: None,
        texts: Vec::new(),
        values: Vec::new(),
    };
    STATE.0.set(Box::into_raw(Box::new(state)));
}
