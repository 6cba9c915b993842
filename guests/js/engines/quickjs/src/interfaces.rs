//! The host's interfaces as modules, with the names and types that `componentize-qjs` gave them.

use crate::host::spikard::handler::types::Content;
use crate::host::spikard::handler::{global_context, local_context, reply, request};
use crate::native::{Entry, module, native, throw_text};
use crate::state::state;
use crate::tasks;
use crate::value::{Result, Value};

fn text(text: String) -> Result<Value> {
    Ok(Value::text(text))
}

fn optional(text: Option<String>) -> Result<Value> {
    Ok(text.map_or(Value::NULL, Value::text))
}

fn unit(result: core::result::Result<(), String>) -> Result<Value> {
    result.map_or_else(|message| throw_text(&message), |()| Ok(Value::UNDEFINED))
}

native! {
    method(_) { text(request::method()) }
    path(_) { text(request::path()) }
    query(_) { text(request::query()) }
    peer(_) { text(request::peer()) }
    id(_) { text(request::id()) }
    header(arguments) { optional(request::header(&arguments.string(0)?)) }
    cookie(arguments) { optional(request::cookie(&arguments.string(0)?)) }
    raw_body(_) { Ok(Value::bytes(&request::raw_body())) }
    headers(_) {
        let pairs = request::headers().into_iter();
        Ok(Value::array(pairs.map(|(name, value)| Value::array([Value::text(name), Value::bytes(&value)]))))
    }
    cookies(_) {
        let pairs = request::cookies().into_iter();
        Ok(Value::array(pairs.map(|(name, value)| Value::array([Value::text(name), Value::text(value)]))))
    }
    file(arguments) {
        let part = arguments.get(0).to_int()? as u32;
        Ok(request::file(part).map_or(Value::NULL, |bytes| Value::bytes(&bytes)))
    }

    report(arguments) {
        tasks::report(&arguments.string(0)?, &arguments.string(1)?);
        Ok(Value::UNDEFINED)
    }

    local_get(arguments) { optional(local_context::get(&arguments.string(0)?)) }
    local_set(arguments) {
        unit(local_context::set(&arguments.string(0)?, arguments.optional(1)?.as_deref()))
    }

    global_get(arguments) { optional(global_context::get(&arguments.string(0)?)) }
    global_set(arguments) {
        unit(global_context::set(&arguments.string(0)?, arguments.optional(1)?.as_deref()))
    }
    global_swap(arguments) {
        let [expected, value] = [arguments.optional(1)?, arguments.optional(2)?];
        match global_context::swap(&arguments.string(0)?, expected.as_deref(), value.as_deref()) {
            Ok(swapped) => Ok(Value::bool(swapped)),
            Err(message) => throw_text(&message),
        }
    }
    global_add(arguments) {
        match global_context::add(&arguments.string(0)?, arguments.get(1).to_int64()?) {
            Ok(sum) => Ok(Value::number(sum as f64)),
            Err(message) => throw_text(&message),
        }
    }

    reply_body(_) {
        let atoms = &state().atoms;
        let (tag, val) = match reply::body() {
            Content::Empty => ("empty", Value::UNDEFINED),
            Content::Json(text) => ("json", Value::text(text)),
            Content::Text(text) => ("text", Value::text(text)),
            Content::Bytes(bytes) => ("bytes", Value::bytes(&bytes)),
        };
        let content = Value::object();
        content.set(atoms.tag, Value::text(tag))?;
        content.set(atoms.val, val)?;
        Ok(content)
    }
}

const REQUEST: &[Entry] = &[
    (c"method", 0, method),
    (c"path", 0, path),
    (c"query", 0, query),
    (c"peer", 0, peer),
    (c"id", 0, id),
    (c"header", 1, header),
    (c"cookie", 1, cookie),
    (c"rawBody", 0, raw_body),
    (c"headers", 0, headers),
    (c"cookies", 0, cookies),
    (c"file", 1, file),
];
const FAILURE: &[Entry] = &[(c"report", 2, report)];
const LOCAL: &[Entry] = &[(c"get", 1, local_get), (c"set", 2, local_set)];
const GLOBAL: &[Entry] = &[
    (c"get", 1, global_get),
    (c"set", 2, global_set),
    (c"swap", 3, global_swap),
    (c"add", 2, global_add),
];
const REPLY: &[Entry] = &[(c"body", 0, reply_body)];

/// Registers the modules.
pub(crate) fn register() {
    module(c"spikard:handler/request@0.1.0", REQUEST);
    module(c"spikard:handler/failure@0.1.0", FAILURE);
    module(c"spikard:handler/local-context@0.1.0", LOCAL);
    module(c"spikard:handler/global-context@0.1.0", GLOBAL);
    module(c"spikard:handler/reply@0.1.0", REPLY);
}
