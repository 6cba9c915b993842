//! The job queue: reactions of promises and microtasks.

use rquickjs_sys as qjs;

use crate::log::log_uncaught;
use crate::state::state;
use crate::tasks;
use crate::timers;
use crate::value::{Result, Thrown, Value, context, throw, throw_error};

/// Runs jobs until the queue is empty. Logs the error of a job and continues with the next one.
pub(crate) fn run() {
    // SAFETY: the context is alive.
    unsafe {
        let runtime = qjs::JS_GetRuntime(context());
        let mut own = core::ptr::null_mut();
        loop {
            match qjs::JS_ExecutePendingJob(runtime, &mut own) {
                0 => break,
                1.. => {}
                _ => log_uncaught("a microtask"),
            }
        }
    }
    tasks::go_home();
}

/// Returns true if the queue has a job.
#[inline]
pub(crate) fn are_pending() -> bool {
    // SAFETY: the context is alive.
    unsafe { qjs::JS_IsJobPending(qjs::JS_GetRuntime(context())) }
}

/// The outcome of a promise.
pub(crate) enum Outcome {
    Fulfilled(Value),
    Rejected(Value),
    /// The promise is pending, and no job is left that could settle it.
    Never,
}

/// Returns the outcome of a promise, which is `Never` for a pending one.
pub(crate) fn outcome(promise: &Value) -> Outcome {
    // SAFETY: the value is alive.
    match unsafe { qjs::JS_PromiseState(context(), promise.raw()) } {
        qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => Outcome::Fulfilled(result(promise)),
        qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => Outcome::Rejected(result(promise)),
        _ => Outcome::Never,
    }
}

/// Runs jobs, and timers that need no operation, until a promise is settled.
pub(crate) fn settle(promise: &Value) -> Outcome {
    loop {
        let outcome = outcome(promise);
        if !matches!(outcome, Outcome::Never) {
            return outcome;
        }
        let is_build = state().number == 0;
        if are_pending() {
            run();
        } else if !(is_build && timers::run_next() || timers::run_ready()) {
            return Outcome::Never;
        }
    }
}

/// Waits for a promise: returns its value, or throws its error.
pub(crate) fn wait(promise: &Value) -> Result<Value> {
    match settle(promise) {
        Outcome::Fulfilled(value) => return Ok(value),
        Outcome::Rejected(error) => throw(error),
        Outcome::Never => throw_error(NEVER_SETTLES),
    };
    Err(Thrown)
}

fn result(promise: &Value) -> Value {
    // SAFETY: the value is alive.
    Value::owned(unsafe { qjs::JS_PromiseResult(context(), promise.raw()) })
}

pub(crate) const NEVER_SETTLES: &str =
    "the promise never settles: no job, timer or operation is left that could settle it";
