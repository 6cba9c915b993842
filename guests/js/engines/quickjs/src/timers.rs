//! Timers, as in the HTML standard. A timer of a request is an operation of the host (`sleep`), and its callback runs only
//! in the task of that request. A timer that is set while the component is built runs while it is built.

use core::ffi::c_int;
use std::collections::{BTreeMap, VecDeque};

use crate::host::wasi::clocks::monotonic_clock;
use crate::log;
use crate::ops::{self, Kind};
use crate::reply::Content;
use crate::state::state;
use crate::tasks;
use crate::value::{JSContext, JSValue, Native, Value, throw_error, throw_type_error};

/// The most timers that can be pending at a time. Requests can set them.
const MOST: usize = 100_000;

/// The most timers without a delay that run before the host gets control, in a row.
const AT_ONCE: u32 = 64;

pub(crate) type Id = i32;

struct Timer {
    /// The period of an interval, in milliseconds.
    every: Option<u32>,
    callback: Value,
    arguments: Vec<Value>,
    /// Whether it is cleared without a warning.
    quiet: bool,
    /// The operation of the host; 0 for a timer that needs none.
    op: u32,
    /// When the timer is due, in nanoseconds of the monotonic clock, while the component is built.
    due: u64,
}

/// The pending timers.
#[derive(Default)]
pub(crate) struct Timers {
    pending: BTreeMap<Id, Timer>,
    /// Timers without a delay, in order, each with the serial number of its call.
    ready: VecDeque<(u32, Id)>,
    /// The number of timers that ran since the host called, without a delay.
    ran: u32,
    last: Id,
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
    let timers = &mut state().timers;
    if timers.pending.len() >= MOST {
        return throw_type_error("100000 timers are pending: clear some, or wait for them");
    }
    let delay = delay.max(if repeat { 1 } else { 0 }) as u32;
    let mut id = timers.last;
    loop {
        id = id.checked_add(1).unwrap_or(1);
        if !timers.pending.contains_key(&id) {
            break;
        }
    }
    timers.last = id;
    let timer = Timer {
        every: repeat.then_some(delay),
        quiet,
        callback,
        arguments: arguments
            .iter()
            .skip(2)
            .map(|&value| Value::borrowed(value))
            .collect(),
        op: 0,
        due: 0,
    };
    timers.pending.insert(id, timer);
    match start(id, delay) {
        Ok(()) => Value::int(id).into_raw(),
        Err(message) => {
            state().timers.pending.remove(&id);
            throw_error(&message)
        }
    }
}

const ENDED: &str = "a timer was set after its request had ended; await the work in the handler, or pass its promise to \
                     `waitUntil`";

/// Starts a timer.
fn start(id: Id, delay: u32) -> Result<(), String> {
    let state = state();
    if state.number == 0 {
        let due = monotonic_clock::now().saturating_add(u64::from(delay) * 1_000_000);
        if let Some(timer) = state.timers.pending.get_mut(&id) {
            timer.due = due;
        }
        return Ok(());
    }
    if state.call.is_ended {
        return Err(ENDED.into());
    }
    state.call.has_ops = true;
    if delay == 0 && state.timers.ran < AT_ONCE {
        state.timers.ready.push_back((state.call.serial, id));
        return Ok(());
    }
    let Some(task) = ops::current_task() else {
        return Err(ENDED.into());
    };
    let head = format!("{{\"ms\":{}}}", delay.max(1));
    match ops::submit(task, b"sleep", head.as_bytes(), Content::EMPTY, || {
        Kind::Timer(id)
    }) {
        Ok(op) => {
            if let Some(timer) = state.timers.pending.get_mut(&id) {
                timer.op = op;
            }
            Ok(())
        }
        Err(outcome) if outcome.status() == 1 => {
            Err(format!("the host set no timer: {}", outcome.failure()))
        }
        Err(_) => {
            state.timers.ready.push_back((state.call.serial, id));
            Ok(())
        }
    }
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

/// `setTimeout` for a timer that is cleared at the end of the task without a warning.
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
    if let Some(timer) = state().timers.pending.remove(&id)
        && timer.op != 0
    {
        ops::abandon(timer.op);
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

/// Runs the callback of a timer. Sets an interval again first.
pub(crate) fn fire(id: Id) {
    let timers = &mut state().timers;
    let Some(timer) = timers.pending.get_mut(&id) else {
        return;
    };
    timer.op = 0;
    let (callback, arguments) = match timer.every {
        Some(every) => {
            let parts = (timer.callback.clone(), timer.arguments.clone());
            if let Err(message) = start(id, every) {
                state().timers.pending.remove(&id);
                log::warn(&format!("an interval ended: {message}"));
            }
            parts
        }
        None => match timers.pending.remove(&id) {
            Some(timer) => (timer.callback, timer.arguments),
            None => return,
        },
    };
    let arguments: Vec<JSValue> = arguments.iter().map(Value::raw).collect();
    if callback.call(&arguments).is_err() {
        log::log_uncaught("a timer");
    }
}

/// Runs the next timer without a delay. Returns false if there is none.
pub(crate) fn run_ready() -> bool {
    let timers = &mut state().timers;
    while let Some((serial, id)) = timers.ready.pop_front() {
        if timers.pending.contains_key(&id) {
            timers.ran += 1;
            tasks::enter(serial);
            fire(id);
            tasks::go_home();
            return true;
        }
    }
    false
}

/// Begins a call of the host.
#[inline]
pub(crate) fn begin() {
    state().timers.ran = 0;
}

/// Sleeps until the next timer of the build is due and runs it. Returns false if there is none.
pub(crate) fn run_next() -> bool {
    let timers = &state().timers;
    // The first of the timers that are due at the same time.
    let Some((&id, timer)) = timers.pending.iter().min_by_key(|(_, timer)| timer.due) else {
        return false;
    };
    let now = monotonic_clock::now();
    if timer.due > now {
        monotonic_clock::subscribe_duration(timer.due - now).block();
    }
    fire(id);
    true
}

/// Forgets a timer whose operation has ended.
pub(crate) fn forget(id: Id) {
    state().timers.pending.remove(&id);
}

/// Same as `forget`. Returns true unless the timer was a quiet one.
pub(crate) fn forget_loud(id: Id) -> bool {
    let timer = state().timers.pending.remove(&id);
    timer.is_some_and(|timer| !timer.quiet)
}

/// Forgets the timers of a call without a delay. Returns true if one was not quiet.
pub(crate) fn drop_ready(serial: u32) -> bool {
    let timers = &mut state().timers;
    let mut loud = false;
    let ready = core::mem::take(&mut timers.ready);
    for (call, id) in ready {
        if call == serial {
            loud |= forget_loud(id);
        } else {
            timers.ready.push_back((call, id));
        }
    }
    loud
}

/// Clears the timers of the build, which no request can run.
pub(crate) fn end_build() {
    let timers = &mut state().timers;
    let loud = timers.pending.values().any(|timer| !timer.quiet);
    timers.pending.clear();
    if loud {
        log::warn(
            "the top level of the app left timers pending, which were cleared: they do not run in requests; set \
             timers in handlers",
        );
    }
}
