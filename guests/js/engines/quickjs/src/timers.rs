//! Timers, as in the HTML standard. Their callbacks run while the engine waits for a promise of a handler or hook.

use core::ffi::c_int;

use crate::host::wasi::clocks::monotonic_clock;
use crate::jobs;
use crate::state::state;
use crate::value::{JSContext, JSValue, Native, Value, throw_type_error};

/// The most timers that can be pending at a time. Requests can set them.
const MOST: usize = 100_000;

struct Timer {
    id: i32,
    /// In nanoseconds of the monotonic clock.
    due: u64,
    /// The period of an interval, in nanoseconds.
    every: Option<u64>,
    callback: Value,
    arguments: Vec<Value>,
    /// Whether it is cleared without a warning.
    quiet: bool,
    /// The call that set the timer; 0 for one from the build, which can run in any call.
    call: u32,
}

/// The pending timers.
#[derive(Default)]
pub(crate) struct Timers {
    pending: Vec<Timer>,
    last: i32,
    warned: bool,
}

unsafe fn add(argc: c_int, argv: *mut JSValue, repeat: bool, quiet: bool) -> JSValue {
    // SAFETY: QuickJS passes `argc` arguments, at least the two that the function declares.
    let arguments = unsafe { core::slice::from_raw_parts(argv, argc.max(2) as usize) };
    let callback = Value::borrowed(arguments[0]);
    if !callback.is_function() {
        return throw_type_error("a timer needs a callback function");
    }
    // As in HTML, the delay is a signed 32-bit integer: Infinity and 2^32 become 0.
    let delay = Value::borrowed(arguments[1]);
    let Ok(delay) = delay.to_int() else {
        return rquickjs_sys::JS_EXCEPTION;
    };
    let state = state();
    let timers = &mut state.timers;
    if timers.pending.len() >= MOST {
        return throw_type_error("100000 timers are pending: clear some, or wait for them");
    }
    let delay = u64::from(delay.max(if repeat { 1 } else { 0 }) as u32) * 1_000_000;
    timers.last = timers.last.checked_add(1).unwrap_or(1);
    timers.pending.push(Timer {
        id: timers.last,
        due: monotonic_clock::now().saturating_add(delay),
        every: repeat.then_some(delay),
        quiet,
        callback,
        arguments: arguments
            .iter()
            .skip(2)
            .map(|&value| Value::borrowed(value))
            .collect(),
        call: state.call.number,
    });
    Value::int(timers.last).into_raw()
}

unsafe extern "C" fn set_timeout(
    _: *mut JSContext,
    _: JSValue,
    argc: c_int,
    argv: *mut JSValue,
) -> JSValue {
    // SAFETY: the arguments of the function.
    unsafe { add(argc, argv, false, false) }
}

/// `setTimeout` for a timer that is cleared at the end of the call without a warning.
pub(crate) unsafe extern "C" fn quiet_timeout(
    _: *mut JSContext,
    _: JSValue,
    argc: c_int,
    argv: *mut JSValue,
) -> JSValue {
    // SAFETY: the arguments of the function.
    unsafe { add(argc, argv, false, true) }
}

unsafe extern "C" fn set_interval(
    _: *mut JSContext,
    _: JSValue,
    argc: c_int,
    argv: *mut JSValue,
) -> JSValue {
    // SAFETY: the arguments of the function.
    unsafe { add(argc, argv, true, false) }
}

unsafe extern "C" fn clear(_: *mut JSContext, _: JSValue, _: c_int, argv: *mut JSValue) -> JSValue {
    // SAFETY: the function declares one argument.
    let id = unsafe { Value::borrowed(*argv) };
    let Ok(id) = id.to_int() else {
        return rquickjs_sys::JS_EXCEPTION;
    };
    let pending = &mut state().timers.pending;
    if let Some(at) = pending.iter().position(|timer| timer.id == id) {
        drop(pending.remove(at));
    }
    Value::UNDEFINED.into_raw()
}

/// The global functions.
pub(crate) const FUNCTIONS: [(&core::ffi::CStr, u32, Native); 4] = [
    (c"setTimeout", 2, set_timeout),
    (c"setInterval", 2, set_interval),
    (c"clearTimeout", 1, clear),
    (c"clearInterval", 1, clear),
];

/// Sleeps until the next timer is due and runs it. Returns false if there is none.
pub(crate) fn run_next() -> bool {
    let timers = &mut state().timers;
    // The first of the timers that are due at the same time.
    let Some(at) = (0..timers.pending.len()).min_by_key(|&at| timers.pending[at].due) else {
        return false;
    };
    let now = monotonic_clock::now();
    let timer = &mut timers.pending[at];
    if timer.due > now {
        monotonic_clock::subscribe_duration(timer.due - now).block();
    }
    let (callback, arguments) = match timer.every {
        Some(every) => {
            timer.due = monotonic_clock::now().saturating_add(every);
            (timer.callback.clone(), timer.arguments.clone())
        }
        None => {
            let timer = timers.pending.remove(at);
            (timer.callback, timer.arguments)
        }
    };
    let arguments: Vec<JSValue> = arguments.iter().map(Value::raw).collect();
    if callback.call(&arguments).is_err() {
        jobs::log_uncaught("a timer");
    }
    true
}

/// Clears the timers of the call in progress.
pub(crate) fn drop_leftovers() {
    let state = state();
    if state.timers.pending.is_empty() {
        return;
    }
    let call = state.call.number;
    let (own, others): (Vec<Timer>, Vec<Timer>) = core::mem::take(&mut state.timers.pending)
        .into_iter()
        .partition(|timer| timer.call == call);
    state.timers.pending = others;
    let loud = own.iter().any(|timer| !timer.quiet);
    drop(own);
    if loud && !state.timers.warned {
        state.timers.warned = true;
        jobs::print_error(
            "a request ended with timers pending, which were cleared; await the work that needs them before the \
             handler returns",
        );
    }
}
