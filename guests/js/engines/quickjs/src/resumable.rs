//! The exports `resume` and `cancel`.

use crate::exports::argument;
use crate::io;
use crate::jobs;
use crate::log;
use crate::memory::free_argument;
use crate::ops;
use crate::reply;
use crate::stages::{advance, send};
use crate::state::state;
use crate::tasks::{continue_task, current, finish};
use crate::timers;
use crate::value::Value;

/// Continues the current task after a `resume`, as far as it gets.
fn proceed() {
    if state().call.stage.is_some() {
        if let Some(answer) = advance() {
            send(answer);
        }
    } else {
        jobs::run();
    }
    finish();
}

#[unsafe(export_name = "spikard:handler/resumable@0.1.0#resume")]
unsafe extern "C" fn resume(
    op: u32,
    status: u32,
    head: *mut u8,
    head_size: usize,
    tag: u32,
    body: *mut u8,
    body_size: usize,
) {
    crate::memory::run(|| {
        reply::free_last();
        timers::begin();
        let state = state();
        // SAFETY: the arguments of the call.
        let (head_text, content) = unsafe {
            let content = if tag == 0 {
                &[]
            } else {
                argument(body, body_size)
            };
            (argument(head, head_size), content)
        };
        let values = || io::values(status as u16, head_text, tag, content);
        match state.ops.remove(op) {
            Some(ended) => {
                if continue_task(ended.task) {
                    ops::end(ended.kind, values);
                    proceed();
                }
            }
            None => {
                let own = state.app.as_ref().and_then(|app| app.resumable.as_ref());
                if let Some([resume, _]) = own {
                    let result = values().and_then(|values| {
                        let result = io::pair(&values)?;
                        let op = Value::number(f64::from(op));
                        let parts = [result.at(0)?, result.at(1)?, result.at(2)?];
                        resume.call(&[op.raw(), parts[0].raw(), parts[1].raw(), parts[2].raw()])
                    });
                    if result.is_err() {
                        log::log_uncaught("`resume`");
                    }
                    finish();
                }
            }
        }
        // SAFETY: nothing refers to the arguments any more.
        unsafe {
            free_argument(head);
            if tag != 0 {
                free_argument(body);
            }
        }
    });
}

#[unsafe(export_name = "spikard:handler/resumable@0.1.0#cancel")]
extern "C" fn cancel(task: u32) {
    crate::memory::run(|| {
        reply::free_last();
        timers::begin();
        let state = state();
        if let Some([_, cancel]) = state.app.as_ref().and_then(|app| app.resumable.as_ref()) {
            if cancel
                .call(&[Value::number(f64::from(task)).raw()])
                .is_err()
            {
                log::log_uncaught("`cancel`");
            }
            finish();
        }
        if !continue_task(task) {
            return;
        }
        state.call.is_cancelled = true;
        if let Some(sdk) = &state.sdk {
            let context = current();
            if sdk.cancel.call(&[context.raw()]).is_err() {
                log::log_uncaught("a listener of the request's signal");
            }
        }
        ops::cancel(task);
        let _ = advance();
        let call = &mut state.call;
        if call.stage.is_some() && !state.ops.has(task) {
            // Nothing is left that could continue it.
            call.stage = None;
        }
        finish();
    });
}
