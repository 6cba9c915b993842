//! The job queue: reactions of promises and microtasks.

use rquickjs_sys as qjs;

use crate::failure;
use crate::host::wasi::cli::{stderr, stdout};
use crate::host::wasi::io::streams::OutputStream;
use crate::state::state;
use crate::timers;
use crate::value::{Result, Thrown, Value, context, exception, throw, throw_error};

/// Runs jobs until the queue is empty. Logs the error of a job and continues with the next one.
pub(crate) fn run() {
    // SAFETY: the context is alive.
    unsafe {
        let runtime = qjs::JS_GetRuntime(context());
        let mut own = core::ptr::null_mut();
        loop {
            match qjs::JS_ExecutePendingJob(runtime, &mut own) {
                0 => return,
                1.. => {}
                _ => log_uncaught("a microtask"),
            }
        }
    }
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
    /// The promise is pending, and no job or timer is left to settle it.
    Never,
}

/// Runs jobs and timers until a promise is settled.
pub(crate) fn settle(promise: &Value) -> Outcome {
    loop {
        // SAFETY: the value is alive.
        match unsafe { qjs::JS_PromiseState(context(), promise.raw()) } {
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => {
                return Outcome::Fulfilled(result(promise));
            }
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => {
                return Outcome::Rejected(result(promise));
            }
            _ => {}
        }
        if are_pending() {
            run();
        } else if !timers::run_next() {
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

const NEVER_SETTLES: &str =
    "the promise never settles: no job or timer is left that could settle it";

/// Runs the jobs of the call and clears its timers, so that none of them runs in a later call.
pub(crate) fn drop_leftovers() {
    if are_pending() {
        run();
    }
    timers::drop_leftovers();
}

/// Logs the pending exception of a callback that nothing awaits.
pub(crate) fn log_uncaught(place: &str) {
    let (message, stack) = failure::explain(&exception());
    let line = format!("uncaught error in {place}: {message}");
    print_error(if stack.is_empty() {
        line
    } else {
        format!("{line}\n{}", stack.trim_end())
    });
}

/// Writes a line to standard error.
pub(crate) fn print_error(line: impl Into<String>) {
    let mut line = line.into();
    line.push('\n');
    print(line.as_bytes(), true);
}

/// Writes text to standard output or standard error. Ignores a failure: the stream is closed.
pub(crate) fn print(text: &[u8], error: bool) {
    let stream: OutputStream = if error {
        stderr::get_stderr()
    } else {
        stdout::get_stdout()
    };
    // WASI accepts at most 4096 bytes per call.
    for part in text.chunks(4096) {
        if stream.blocking_write_and_flush(part).is_err() {
            return;
        }
    }
}

/// Ends the call in progress.
pub(crate) fn end_call() {
    drop_leftovers();
    let state = state();
    let call = &mut state.call;
    call.context = qjs::JS_UNDEFINED;
    call.params_value = None;
    call.body_value = None;
    call.request_value = None;
    call.local_value = None;
    call.current = Some(Value::NULL);
}
