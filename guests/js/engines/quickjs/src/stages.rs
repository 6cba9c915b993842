//! The promise that a task waits for, and the reply that its value or error becomes.

use rquickjs_sys as qjs;

use crate::io;
use crate::jobs::{self, Outcome};
use crate::rejections;
use crate::reply::{self, Changed, Reply};
use crate::state::{Sdk, state};
use crate::value::{Result, Value, exception, throw, throw_error};

/// The promise that a task waits for, by the kind of its value.
pub(crate) enum Stage {
    /// The value of a handler, and the status of its route.
    Value(Value, u16),
    /// A reply, `[status, headers, content]`, of the SDK.
    Reply(Value),
    /// The same of an app without the SDK.
    Raw(Value),
    /// A reply of a hook, or nothing.
    Early(Value),
    /// The change of a hook, or nothing.
    Late(Value),
}

/// The answer of a task.
pub(crate) enum Answer {
    Reply(Reply),
    Early(Option<Reply>),
    Late(Option<Changed>),
}

impl Stage {
    pub(crate) fn promise(&self) -> &Value {
        match self {
            Self::Value(promise, _)
            | Self::Reply(promise)
            | Self::Raw(promise)
            | Self::Early(promise)
            | Self::Late(promise) => promise,
        }
    }
}

/// Returns the reply for the error of a handler.
pub(crate) fn fail(sdk: &Sdk, error: &Value) -> Reply {
    let reply = sdk
        .fail
        .call(&[error.raw()])
        .and_then(|value| reply::read(&value));
    reply.unwrap_or_else(|_| reply::failed())
}

/// Converts a value of a handler to its reply. Returns a promise if the value is a `Response`.
pub(crate) fn lower(
    sdk: &Sdk,
    value: &Value,
    status: u16,
) -> Result<core::result::Result<Reply, Value>> {
    if let Some(reply) = reply::plain(value, status)? {
        return Ok(Ok(reply));
    }
    let status = if status == 0 {
        Value::UNDEFINED
    } else {
        Value::int(i32::from(status))
    };
    let lowered = sdk.lower.call(&[value.raw(), status.raw()])?;
    // SAFETY: reads the class of the value.
    if unsafe { qjs::JS_IsPromise(lowered.raw()) } {
        return Ok(Err(lowered));
    }
    reply::read(&lowered).map(Ok)
}

/// Runs jobs until the stage of the current task has a promise that is settled, and returns the answer of the task.
/// Returns `None` if the task has to wait.
pub(crate) fn advance() -> Option<Answer> {
    loop {
        let stage = state().call.stage.take()?;
        let promise = stage.promise();
        let outcome = jobs::settle(promise);
        if matches!(outcome, Outcome::Rejected(_)) {
            rejections::forget(promise);
        }
        if matches!(outcome, Outcome::Never) {
            state().call.stage = Some(stage);
            return None;
        }
        match settled(stage, outcome) {
            Ok(answer) => return Some(answer),
            Err(next) => state().call.stage = Some(next),
        }
    }
}

/// Returns the answer for the outcome of a stage, or the next stage.
fn settled(stage: Stage, outcome: Outcome) -> core::result::Result<Answer, Stage> {
    let value = match outcome {
        Outcome::Fulfilled(value) => Ok(value),
        Outcome::Rejected(error) => Err(error),
        Outcome::Never => {
            throw_error(jobs::NEVER_SETTLES);
            Err(exception())
        }
    };
    let thrown = |error: Value| {
        throw(error);
        crate::value::Thrown
    };
    Ok(match stage {
        Stage::Value(_, status) => {
            let Some(sdk) = &state().sdk else {
                return Ok(Answer::Reply(Reply::FAILED));
            };
            let lowered = value
                .map_err(thrown)
                .and_then(|value| lower(sdk, &value, status));
            match lowered {
                Ok(Ok(reply)) => Answer::Reply(reply),
                Ok(Err(promise)) => return Err(Stage::Reply(promise)),
                Err(_) => Answer::Reply(fail(sdk, &exception())),
            }
        }
        Stage::Reply(_) => {
            let reply = value.map_err(thrown).and_then(|value| reply::read(&value));
            Answer::Reply(reply.unwrap_or_else(|_| match &state().sdk {
                Some(sdk) => fail(sdk, &exception()),
                None => reply::failed(),
            }))
        }
        Stage::Raw(_) => {
            let reply = value.map_err(thrown).and_then(|value| reply::read(&value));
            Answer::Reply(reply.unwrap_or_else(|_| reply::failed()))
        }
        Stage::Early(_) => {
            Answer::Early(hook_result(value.map_err(thrown), reply::read, |reply| {
                reply
            }))
        }
        Stage::Late(_) => Answer::Late(hook_result(
            value.map_err(thrown),
            reply::read_changed,
            Changed::from,
        )),
    })
}

/// Converts the value of a hook, which is nullish for nothing.
pub(crate) fn hook_result<T>(
    value: Result<Value>,
    read: fn(&Value) -> Result<T>,
    failed: fn(Reply) -> T,
) -> Option<T> {
    let result = value.and_then(|value| {
        if value.is_nullish() {
            Ok(None)
        } else {
            read(&value).map(Some)
        }
    });
    result.unwrap_or_else(|_| Some(failed(reply::failed())))
}

/// Whether the current task, which has to wait, could ever continue.
pub(crate) fn can_continue() -> bool {
    !state().ops.is_empty()
}

/// Returns the answer of the current task, whose promise no operation can settle.
pub(crate) fn give_up() -> Option<Answer> {
    let mut stage = state().call.stage.take()?;
    loop {
        match settled(stage, Outcome::Never) {
            Ok(answer) => return Some(answer),
            Err(next) => stage = next,
        }
    }
}

/// Answers the current task, whose export has returned.
pub(crate) fn send(answer: Answer) {
    let call = &state().call;
    if call.is_failed || call.is_cancelled {
        return;
    }
    let task = call.task;
    match answer {
        Answer::Reply(reply) | Answer::Early(Some(reply)) => {
            io::reply(task, reply.status, reply.headers, Some(reply.content));
        }
        Answer::Late(Some(changed)) => {
            let content = (changed.content.some == 1).then_some(changed.content.value);
            io::reply(task, changed.status, changed.headers, content);
        }
        Answer::Early(None) | Answer::Late(None) => {
            io::reply(task, 0, reply::Bytes::EMPTY, None);
        }
    }
}
