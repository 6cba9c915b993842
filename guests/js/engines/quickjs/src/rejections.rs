//! Rejected promises that nothing handles.

use core::ffi::c_void;

use rquickjs_sys as qjs;

use crate::failure;
use crate::log;
use crate::state::{is_initialized, state};
use crate::value::{JSContext, JSValue, Value, context};

/// The most rejections that an export logs.
const MOST: usize = 16;
/// The most rejections that an export keeps.
const KEPT: usize = 1000;

/// Watches the rejections of all promises.
pub(crate) fn watch() {
    // SAFETY: the runtime is alive.
    unsafe {
        let runtime = qjs::JS_GetRuntime(context());
        qjs::JS_SetHostPromiseRejectionTracker(runtime, Some(track), core::ptr::null_mut());
    }
}

unsafe extern "C" fn track(
    _: *mut JSContext,
    promise: JSValue,
    reason: JSValue,
    is_handled: bool,
    _: *mut c_void,
) {
    if !is_initialized() {
        return;
    }
    let rejections = &mut state().rejections;
    if is_handled {
        rejections.retain(|(other, _)| other.raw() != promise);
    } else if rejections.len() < KEPT {
        rejections.push((Value::borrowed(promise), Value::borrowed(reason)));
    }
}

/// Forgets the rejection of a promise, which the engine handles.
pub(crate) fn forget(promise: &Value) {
    state()
        .rejections
        .retain(|(other, _)| other.raw() != promise.raw());
}

/// Logs the rejections that nothing has handled, and forgets them. A promise of a suspended task is not one of them.
#[cold]
pub(crate) fn report() {
    let list = core::mem::take(&mut state().rejections);
    let count = list.len();
    for (_, reason) in list.into_iter().take(MOST) {
        let (message, stack) = failure::explain(&reason);
        log::log_error(
            &format!("unhandled rejection of a promise: {message}"),
            &stack,
        );
    }
    if count > MOST {
        log::log_error(&format!("{} more unhandled rejections", count - MOST), "");
    }
}
