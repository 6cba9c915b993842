//! The operations in progress: timers, and operations of the SDK.

use std::collections::BTreeMap;

use crate::io;
use crate::log;
use crate::native::{Entry, native};
use crate::state::state;
use crate::timers::{self, Id};
use crate::value::{Result, Thrown, Value, throw_error};

/// What to do when an operation ends.
pub(crate) enum Kind {
    Timer(Id),
    /// An operation of the SDK: `done(status, head, tag, value)`, or `stop()` if its task is cancelled.
    Sdk {
        done: Value,
        stop: Value,
    },
}

/// An operation in progress.
pub(crate) struct Op {
    pub(crate) task: u32,
    pub(crate) kind: Kind,
}

/// The operations in progress, by number. Numbers count up, so that operations end in the order in which they began.
#[derive(Default)]
pub(crate) struct Ops {
    pending: BTreeMap<u32, Op>,
    last: u32,
}

impl Ops {
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(crate) fn remove(&mut self, op: u32) -> Option<Op> {
        self.pending.remove(&op)
    }

    pub(crate) fn has(&self, task: u32) -> bool {
        self.pending.values().any(|op| op.task == task)
    }

    fn next(&mut self) -> u32 {
        loop {
            // The numbers that QuickJS represents as integers.
            self.last = if self.last >= 0x7fff_ffff {
                1
            } else {
                self.last + 1
            };
            if !self.pending.contains_key(&self.last) {
                return self.last;
            }
        }
    }

    /// Removes the operations of a task.
    pub(crate) fn take(&mut self, task: u32) -> Vec<(u32, Op)> {
        let own: Vec<u32> = self
            .pending
            .iter()
            .filter(|(_, op)| op.task == task)
            .map(|(&number, _)| number)
            .collect();
        own.into_iter()
            .filter_map(|number| Some((number, self.pending.remove(&number)?)))
            .collect()
    }
}

/// Returns the number of the task in progress, and asks the host for it the first time. Returns `None` if there is none.
pub(crate) fn current_task() -> Option<u32> {
    let call = &mut state().call;
    if call.is_ended || call.serial == 0 {
        return None;
    }
    if call.task == 0 {
        call.task = io::task();
    }
    Some(call.task)
}

/// Submits an operation of a task, which is the current one.
pub(crate) fn submit(
    task: u32,
    kind: &[u8],
    head: &[u8],
    body: crate::reply::Content,
    make: impl FnOnce() -> Kind,
) -> core::result::Result<u32, io::Outcome> {
    let op = state().ops.next();
    let outcome = io::submit(task, op, kind, head, body);
    if outcome.status() != 0 {
        return Err(outcome);
    }
    let state = state();
    state.call.has_ops = true;
    state.ops.pending.insert(op, Op { task, kind: make() });
    Ok(op)
}

/// Stops an operation.
pub(crate) fn abandon(op: u32) -> bool {
    let known = state().ops.remove(op).is_some();
    if known {
        io::abandon(op);
    }
    known
}

/// Returns the number of the task in progress, or throws.
pub(crate) fn need_task(what: &str) -> Result<u32> {
    if let Some(task) = current_task() {
        return Ok(task);
    }
    throw_error(&if state().number == 0 {
        format!("`{what}` was called while the component is built; call it in a handler or a hook")
    } else {
        format!(
            "`{what}` was called after its request had ended; await the work in the handler, or pass its promise to \
             `waitUntil`"
        )
    });
    Err(Thrown)
}

native! {
    // Starts an operation: `(kind, head, content, done, stop)`. Returns the number of the operation, or its result:
    // `[status, head, tag, value]`.
    start(arguments) {
        let [kind, head] = [arguments.get(0).to_text()?, arguments.get(1).to_text()?];
        let task = need_task(&kind.string())?;
        let body = io::content(&arguments.get(2))?;
        let callbacks = || Kind::Sdk { done: arguments.get(3), stop: arguments.get(4) };
        match submit(task, kind.bytes(), head.bytes(), body, callbacks) {
            Ok(op) => Ok(Value::number(f64::from(op))),
            Err(outcome) => outcome.value(),
        }
    }

    stop(arguments) { Ok(Value::bool(abandon(arguments.get(0).to_int()? as u32))) }

    // Keeps the task in progress after its reply, until `release` gets the number that it returns.
    hold(_) {
        let task = need_task("waitUntil")?;
        state().call.held += 1;
        Ok(Value::number(f64::from(task)))
    }

    release(arguments) {
        let task = arguments.get(0).to_int()? as u32;
        let state = state();
        let call = match state.suspended.get_mut(&task) {
            Some(call) => call,
            None if state.call.task == task => &mut state.call,
            // The task has ended, because nothing could settle its promise.
            None => return Ok(Value::UNDEFINED),
        };
        call.held = call.held.saturating_sub(1);
        Ok(Value::UNDEFINED)
    }
}

/// The functions of the SDK.
pub(crate) const FUNCTIONS: [Entry; 4] = [
    (c"start", 5, start),
    (c"stop", 1, stop),
    (c"hold", 0, hold),
    (c"release", 1, release),
];

/// Ends an operation: calls its callback.
pub(crate) fn end(kind: Kind, values: impl FnOnce() -> Result<[Value; 4]>) {
    match kind {
        Kind::Timer(id) => timers::fire(id),
        Kind::Sdk { done, .. } => {
            let result = values().and_then(|values| {
                done.call(&[
                    values[0].raw(),
                    values[1].raw(),
                    values[2].raw(),
                    values[3].raw(),
                ])
            });
            if result.is_err() {
                log::log_uncaught("an operation");
            }
        }
    }
}

/// Ends the operations of a task that was cancelled. The host has abandoned them.
pub(crate) fn cancel(task: u32) {
    for (_, op) in state().ops.take(task) {
        match op.kind {
            Kind::Timer(id) => timers::forget(id),
            Kind::Sdk { stop, .. } => {
                if stop.call(&[]).is_err() {
                    log::log_uncaught("an operation");
                }
            }
        }
    }
}

/// What a task that has ended had left.
#[derive(Default)]
pub(crate) struct Leftovers {
    pub(crate) timers: bool,
    pub(crate) operations: bool,
}

/// Abandons the operations of a task that has ended.
pub(crate) fn drop_leftovers(task: u32) -> Leftovers {
    let mut left = Leftovers::default();
    for (number, op) in state().ops.take(task) {
        io::abandon(number);
        match op.kind {
            Kind::Timer(id) => left.timers |= timers::forget_loud(id),
            Kind::Sdk { .. } => left.operations = true,
        }
    }
    left
}
