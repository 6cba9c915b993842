//! Facts about values that JavaScript cannot find out, or only with a `try` for each class.

use rquickjs_sys as qjs;

use crate::native::{Entry, native};
use crate::value::{JSValue, Result, Value, context};

/// Returns the number of a value's class, as in `Kind` of the prelude.
fn kind_of(value: JSValue) -> i32 {
    // SAFETY: the functions read the class of the value.
    unsafe {
        match () {
            () if !qjs::JS_IsObject(value) => 0,
            () if qjs::JS_IsProxy(value) => 1,
            () if qjs::JS_IsArray(value) => 2,
            () if qjs::JS_IsFunction(context(), value) => 3,
            () if qjs::JS_IsError(value) => 4,
            () if qjs::JS_IsDate(value) => 5,
            () if qjs::JS_IsRegExp(value) => 6,
            () if qjs::JS_IsMap(value) => 7,
            () if qjs::JS_IsSet(value) => 8,
            () if qjs::JS_IsPromise(value) => 9,
            () if qjs::JS_IsArrayBuffer(value) => 10,
            () if qjs::JS_GetTypedArrayType(value) >= 0 => 11,
            () if qjs::JS_IsWeakMap(value) => 12,
            () if qjs::JS_IsWeakSet(value) => 13,
            () if qjs::JS_IsWeakRef(value) => 14,
            () => 15,
        }
    }
}

/// Returns the state of a promise, and its result.
fn state_of(promise: JSValue) -> Result<Value> {
    // SAFETY: the value is alive.
    unsafe {
        let state = match qjs::JS_PromiseState(context(), promise) {
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => 1,
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => 2,
            _ => return Ok(Value::array([Value::int(0)])),
        };
        Ok(Value::array([
            Value::int(state),
            Value::result(qjs::JS_PromiseResult(context(), promise))?,
        ]))
    }
}

/// Returns the target of a proxy.
fn target_of(proxy: JSValue) -> Result<Value> {
    // SAFETY: the value is alive.
    Value::result(unsafe { qjs::JS_GetProxyTarget(context(), proxy) })
}

native! {
    kind(arguments) { Ok(Value::int(kind_of(arguments.get(0).raw()))) }

    // Returns the state of a promise, 0 for pending, 1 for fulfilled, 2 for rejected, and its result.
    promise(arguments) {
        let value = arguments.get(0);
        if kind_of(value.raw()) == 9 { state_of(value.raw()) } else { Ok(Value::UNDEFINED) }
    }

    // Returns the target of a proxy; `null` if it is revoked.
    proxy_target(arguments) {
        let value = arguments.get(0);
        if kind_of(value.raw()) == 1 { target_of(value.raw()) } else { Ok(Value::UNDEFINED) }
    }
}

pub(super) const NATIVES: &[Entry] = &[
    (c"kind", 1, kind),
    (c"promise", 1, promise),
    (c"proxyTarget", 1, proxy_target),
];
