//! Tasks: calls of handlers and hooks, which can wait for promises.
//!
//! A call whose promise is pending after all jobs have run is suspended: its export returns the status 0. The host later
//! calls `resume` for an operation of the task, which settles promises; then the engine runs all jobs and answers the task
//! if its promise has settled. One call is current at a time, and an instance can have several suspended ones.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use rquickjs_sys as qjs;

use crate::failure;
use crate::host::spikard::handler::failure as host_failure;
use crate::io;
use crate::jobs::{self, Outcome};
use crate::log;
use crate::ops;
use crate::rejections;
use crate::stages::{advance, can_continue, give_up, send};
use crate::state::{Body, Call, state};
use crate::timers;
use crate::value::Value;

/// Reports the failure of the current task to the host. Later reports of the task, and its reply, have no effect.
pub(crate) fn report(message: &str, detail: &str) {
    let call = &mut state().call;
    if call.is_cancelled || call.is_failed {
        return;
    }
    if call.is_late {
        call.is_failed = true;
        io::fail(call.task, message, detail);
    } else {
        host_failure::report(message, detail);
    }
}

/// Copies the arguments of the current call, because the host reuses their memory.
fn own_arguments(call: &mut Call) {
    if call.arguments.is_some() {
        return;
    }
    let copy = |bytes: &[u8]| {
        let mut copy = Vec::with_capacity(bytes.len() + 1);
        copy.extend_from_slice(bytes);
        copy.push(0);
        copy.into_boxed_slice()
    };
    let arguments = [copy(call.params), copy(call.body.bytes)];
    // SAFETY: the boxes live as long as the call, and nothing else keeps the slices.
    unsafe {
        let slice = |bytes: &[u8]| core::slice::from_raw_parts(bytes.as_ptr(), bytes.len() - 1);
        call.params = slice(&arguments[0]);
        call.body = Body {
            tag: call.body.tag,
            bytes: slice(&arguments[1]),
        };
    }
    call.arguments = Some(arguments);
}

/// The serial number of the current call, for QuickJS: `tools/stack.sed` stores it in each job.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "a variable of C")]
static engine_task: AtomicU32 = AtomicU32::new(0);

/// Makes the call of a job current. QuickJS calls this before it runs a job of another call than the current one, which
/// happens only if tasks share promises.
#[unsafe(no_mangle)]
extern "C" fn engine_enter(serial: u32) {
    park();
    let state = state();
    let found = state
        .suspended
        .iter()
        .find_map(|(&task, call)| (call.serial == serial).then_some(task));
    match found {
        // The imports refer to the task until the end of the export.
        Some(task) if activate(task) => _ = io::select(task),
        // The call has ended, or the job is of the build.
        _ => {
            state.call = Call {
                serial,
                current: Some(Value::NULL),
                is_ended: true,
                ..Call::IDLE
            };
            engine_task.store(serial, Relaxed);
        }
    }
}

/// Makes a call current.
#[inline]
pub(crate) fn enter(serial: u32) {
    if engine_task.load(Relaxed) != serial {
        engine_enter(serial);
    }
}

/// Makes the call current again that the export in progress is about, after jobs of others.
#[inline]
pub(crate) fn go_home() {
    enter(state().home);
}

/// Begins a call.
#[inline]
pub(crate) fn begin() {
    let state = state();
    state.number = state.number.wrapping_add(1).max(1);
    state.call.serial = state.number;
    state.home = state.number;
    engine_task.store(state.number, Relaxed);
}

/// Stores the current call with those that wait.
fn park() {
    let state = state();
    let is_live = state.call.serial != 0 && !state.call.is_ended;
    let task = if is_live {
        ops::current_task().unwrap_or_default()
    } else {
        0
    };
    let mut call = core::mem::replace(&mut state.call, Call::IDLE);
    engine_task.store(0, Relaxed);
    if is_live {
        own_arguments(&mut call);
        state.suspended.insert(task, call);
    }
}

/// Suspends the current task.
fn suspend() {
    let state = state();
    state.call.is_late = true;
    park();
    state.home = 0;
    state.call.current = Some(Value::NULL);
}

/// Makes a suspended task current. Returns false if it has ended.
fn activate(task: u32) -> bool {
    let state = state();
    let Some(call) = state.suspended.remove(&task) else {
        return false;
    };
    engine_task.store(call.serial, Relaxed);
    state.call = call;
    true
}

/// The same, for an export that is about the task.
pub(crate) fn continue_task(task: u32) -> bool {
    let found = activate(task);
    if found {
        state().home = state().call.serial;
    }
    found
}

/// Suspends the current task if it waits or holds, and ends it otherwise.
#[inline]
fn end() {
    if jobs::are_pending() {
        jobs::run();
    }
    let state = state();
    let call = &mut state.call;
    if call.stage.is_some() || call.has_ops || call.held > 0 {
        end_slow();
    } else {
        end_call();
    }
}

/// Ends an export: answers the tasks that its jobs have settled, and logs rejections.
#[inline]
pub(crate) fn finish() {
    end();
    let state = state();
    if !state.suspended.is_empty() {
        proceed_others();
    }
    if !state.rejections.is_empty() {
        rejections::report();
    }
}

#[cold]
fn end_slow() {
    let state = state();
    if state.call.stage.is_some() {
        suspend();
        return;
    }
    // The task has answered. Its promises of `waitUntil` can continue.
    while state.call.held > 0 && timers::run_ready() {
        jobs::run();
    }
    let call = &mut state.call;
    if call.held > 0 && state.ops.has(call.task) {
        end_objects(call);
        suspend();
        return;
    }
    let mut left = ops::Leftovers {
        timers: timers::drop_ready(call.serial),
        operations: false,
    };
    if call.task != 0 {
        let others = ops::drop_leftovers(call.task);
        left.timers |= others.timers;
        left.operations = others.operations;
    }
    if (left.timers || left.operations) && !call.is_cancelled && !state.warned {
        state.warned = true;
        let what = if left.operations {
            "operations in progress, which were abandoned"
        } else {
            "timers pending, which were cleared"
        };
        log::warn(&format!(
            "a request ended with {what}; await the work that needs them before the handler returns, or pass its promise \
             to `waitUntil`"
        ));
    }
    end_call();
}

/// Drops the values of a context: its getters throw from now on.
fn end_objects(call: &mut Call) {
    call.context = qjs::JS_UNDEFINED;
    call.params_value = None;
    call.body_value = None;
    call.request_value = None;
    call.local_value = None;
    call.owned_context = None;
    call.current = Some(Value::NULL);
}

#[inline]
fn end_call() {
    let state = state();
    state.home = 0;
    engine_task.store(0, Relaxed);
    let call = &mut state.call;
    end_objects(call);
    call.serial = 0;
    call.task = 0;
    call.arguments = None;
    call.is_late = false;
    call.is_cancelled = false;
    call.is_failed = false;
    call.has_ops = false;
    call.held = 0;
}

/// Answers the suspended tasks whose promises have settled or cannot settle any more. There are some only if tasks share
/// promises.
fn proceed_others() {
    loop {
        let state = state();
        let is_stuck = state.ops.is_empty();
        let next = state.suspended.iter().find_map(|(&task, call)| {
            let stage = call.stage.as_ref()?;
            let ready = is_stuck || !matches!(jobs::outcome(stage.promise()), Outcome::Never);
            ready.then_some(task)
        });
        let Some(task) = next else { return };
        // The imports refer to the task until the end of the export.
        io::select(task);
        if !continue_task(task) {
            return;
        }
        let answer = advance().or_else(|| if can_continue() { None } else { give_up() });
        if let Some(answer) = answer {
            send(answer);
        }
        end();
    }
}

/// The context of the current call.
pub(crate) fn current() -> Value {
    let call = &state().call;
    if call.context != qjs::JS_UNDEFINED {
        return Value::borrowed(call.context);
    }
    call.current.clone().unwrap_or(Value::UNDEFINED)
}

/// Reports an error of the current task.
pub(crate) fn report_error(error: &Value) {
    let (message, detail) = failure::explain(error);
    report(&message, &detail);
}
