//! The module `spikard:engine`, with which the SDK registers its handlers, and the class of their contexts.

use core::ffi::{CStr, c_int};

use rquickjs_sys as qjs;

use crate::io;
use crate::native::{Entry, module, native, type_error};
use crate::ops;
use crate::state::{Call, Route, Sdk, state};
use crate::tasks;
use crate::value::{JSContext, JSValue, Native, Result, Thrown, Value, atom, context, throw_error};

native! {
    serve(arguments) {
        if state().app.is_some() {
            return type_error("`app.component()` was called after the app was loaded: call it at the top level");
        }
        let options = arguments.get(0);
        let get = |name: &str| options.get(atom(name));
        let list = get("routes")?;
        let count = list.get(atom("length"))?.to_int()?.max(0) as u32;
        let mut routes = Vec::with_capacity(count as usize);
        for at in 0..count {
            let route = list.at(at)?;
            let status = route.get(atom("status"))?;
            let status = if status.is_undefined() { 0 } else { status.to_int()? as u16 };
            routes.push(Route { handler: route.get(atom("handler"))?, status });
        }
        let (class, prototype) = context_class(&get("prototype")?)?;
        accessor(&get("call")?, c"current", current, Some(set_current));
        let served = Sdk {
            handle: get("handle")?,
            routes,
            class,
            prototype,
            lower: get("lower")?,
            fail: get("fail")?,
            form: get("form")?,
            request: get("request")?,
            local: get("local")?,
            cancel: get("cancel")?,
            globals: get("globals")?,
        };
        state().served.push(served);
        Ok(Value::UNDEFINED)
    }
}

native! {
    // Stores the function that makes a component of an app without `definition`.
    adopt(arguments) {
        state().adopt_app = Some(arguments.get(0));
        Ok(Value::UNDEFINED)
    }
}

const ENGINE: &[Entry] = &[
    (c"serve", 1, serve),
    (c"adopt", 1, adopt),
    ops::FUNCTIONS[0],
    ops::FUNCTIONS[1],
    ops::FUNCTIONS[2],
    ops::FUNCTIONS[3],
    io::CALL,
];

/// Registers the module.
pub(crate) fn register() {
    module(c"spikard:engine", ENGINE);
}

/// Creates the class of contexts. The prototype inherits from the one of the SDK's class.
fn context_class(parent: &Value) -> Result<(qjs::JSClassID, Value)> {
    const GETTERS: [(&CStr, Native); 5] = [
        (c"params", get_params),
        (c"body", get_body),
        (c"request", get_request),
        (c"local", get_local),
        (c"globals", get_globals),
    ];
    // SAFETY: the definition and the values are valid.
    let (class, prototype) = unsafe {
        let runtime = qjs::JS_GetRuntime(context());
        let mut class = 0;
        qjs::JS_NewClassID(runtime, &mut class);
        let definition = qjs::JSClassDef {
            class_name: c"Context".as_ptr(),
            finalizer: None,
            gc_mark: None,
            call: None,
            exotic: core::ptr::null_mut(),
        };
        if qjs::JS_NewClass(runtime, class, &definition) < 0 {
            return type_error("the class of contexts cannot be created");
        }
        (
            class,
            Value::result(qjs::JS_NewObjectProto(context(), parent.raw()))?,
        )
    };
    for (name, getter) in GETTERS {
        accessor(&prototype, name, getter, None);
    }
    Ok((class, prototype))
}

/// Defines a property with a getter, and a setter if it can be set.
fn accessor(object: &Value, name: &CStr, getter: Native, setter: Option<Native>) {
    let key = atom(name.to_str().unwrap_or_default());
    let getter = Value::function(name, 0, getter).into_raw();
    let setter = setter
        .map_or(Value::UNDEFINED, |setter| Value::function(name, 1, setter))
        .into_raw();
    let flags = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_ENUMERABLE) as c_int;
    // SAFETY: takes over the functions.
    unsafe { qjs::JS_DefinePropertyGetSet(context(), object.raw(), key, getter, setter, flags) };
}

native! {
    // The call in progress: the context of the handler, or the value that the SDK sets for hooks. An object of a request
    // compares it with the call that created the object.
    current(_) { Ok(tasks::current()) }

    set_current(arguments) {
        state().call.current = Some(arguments.get(0));
        Ok(Value::UNDEFINED)
    }
}

/// Runs a getter of the context in progress.
fn getter(
    this: JSValue,
    name: &str,
    get: impl FnOnce(&Sdk, &mut Call) -> Result<Value>,
) -> JSValue {
    let state = state();
    let Some(sdk) = &state.sdk else {
        return qjs::JS_UNDEFINED;
    };
    if this != state.call.context || !Value::borrowed(this).is_object() {
        return throw_error(&format!(
            "`{name}` of the context was used after its handler or hook ended; read what you need before it returns, \
             or await the work that needs it"
        ));
    }
    match get(sdk, &mut state.call) {
        Ok(value) => value.into_raw(),
        Err(Thrown) => qjs::JS_EXCEPTION,
    }
}

/// Returns the value in a slot of the call, or makes it.
fn cached(
    call: &mut Call,
    slot: fn(&mut Call) -> &mut Option<Value>,
    make: impl FnOnce(&mut Call) -> Result<Value>,
) -> Result<Value> {
    if let Some(value) = slot(call) {
        return Ok(value.clone());
    }
    let value = make(call)?;
    *slot(call) = Some(value.clone());
    Ok(value)
}

unsafe extern "C" fn get_params(
    _: *mut JSContext,
    this: JSValue,
    _: c_int,
    _: *mut JSValue,
) -> JSValue {
    getter(this, "params", |_, call| {
        cached(
            call,
            |call| &mut call.params_value,
            |call| {
                if call.params.is_empty() {
                    Ok(Value::object())
                } else {
                    Value::parse(call.params)
                }
            },
        )
    })
}

unsafe extern "C" fn get_body(
    _: *mut JSContext,
    this: JSValue,
    _: c_int,
    _: *mut JSValue,
) -> JSValue {
    getter(this, "body", |sdk, call| {
        cached(
            call,
            |call| &mut call.body_value,
            |call| match (call.body.tag, call.body.bytes) {
                (0, _) => Ok(Value::UNDEFINED),
                (1, text) => Value::parse(text),
                // Without the byte order mark, as `Request.text` of the Fetch standard.
                (2, text) => Ok(Value::text(
                    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text),
                )),
                (3, text) => {
                    let text = Value::text(text);
                    sdk.form.call(&[text.raw(), call.context])
                }
                (_, bytes) => Ok(Value::bytes(bytes)),
            },
        )
    })
}

unsafe extern "C" fn get_request(
    _: *mut JSContext,
    this: JSValue,
    _: c_int,
    _: *mut JSValue,
) -> JSValue {
    getter(this, "request", |sdk, call| {
        cached(
            call,
            |call| &mut call.request_value,
            |_| sdk.request.call(&[this]),
        )
    })
}

unsafe extern "C" fn get_local(
    _: *mut JSContext,
    this: JSValue,
    _: c_int,
    _: *mut JSValue,
) -> JSValue {
    getter(this, "local", |sdk, call| {
        cached(
            call,
            |call| &mut call.local_value,
            |_| sdk.local.call(&[this]),
        )
    })
}

unsafe extern "C" fn get_globals(
    _: *mut JSContext,
    this: JSValue,
    _: c_int,
    _: *mut JSValue,
) -> JSValue {
    getter(this, "globals", |sdk, _| Ok(sdk.globals.clone()))
}
