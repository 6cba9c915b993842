//! The functions that the host calls, in the canonical ABI. They are written by hand, because a generated wrapper
//! allocates memory for each result, and the host needs a second call to free it.

use rquickjs_sys as qjs;

use crate::host::spikard::handler::failure as report;
use crate::memory::{free_argument, run};
use crate::reply::{self, Bytes, Changed, Maybe, Reply};
use crate::stages::{self, Answer, Stage};
use crate::state::{Body, Sdk, State, state};
use crate::tasks;
use crate::timers;
use crate::value::{Result, Value, context, exception};

/// The memory of a result. The host reads it before the next call.
#[repr(C, align(8))]
struct Area([u8; 64]);

static mut AREA: Area = Area([0; 64]);

/// Writes a result and returns its address.
fn area<T>(result: T) -> *const u8 {
    const { assert!(size_of::<T>() <= 64) };
    let area = (&raw mut AREA).cast::<T>();
    // SAFETY: the area is large enough, and the module has one thread.
    unsafe { area.write(result) };
    area.cast()
}

/// An argument of type `string` or `list<u8>`.
///
/// # Safety
/// The host has allocated it.
pub(crate) unsafe fn argument(start: *const u8, size: usize) -> &'static [u8] {
    if size == 0 {
        return &[];
    }
    // SAFETY: the host has written `size` bytes at `start`.
    unsafe { core::slice::from_raw_parts(start, size) }
}

/// Begins a call.
#[inline]
fn begin(params: &'static [u8], body: Body) -> &'static mut State {
    reply::free_last();
    timers::begin();
    tasks::begin();
    let state = state();
    state.call.params = params;
    state.call.body = body;
    state
}

#[unsafe(export_name = "spikard:handler/handler@0.1.0#handle")]
unsafe extern "C" fn handle(
    route: u32,
    params: *mut u8,
    params_size: usize,
    tag: u32,
    body: *mut u8,
    body_size: usize,
) -> *const u8 {
    run(|| {
        // SAFETY: the arguments of the call. The variant without a payload has arbitrary values.
        let (text, content) = unsafe {
            let content = if tag == 0 {
                Body::EMPTY
            } else {
                Body {
                    tag: tag as u8,
                    bytes: argument(body, body_size),
                }
            };
            (argument(params, params_size), content)
        };
        let state = begin(text, content);
        let result = match &state.sdk {
            Some(sdk) => with_sdk(sdk, route),
            None => without_sdk(state, route),
        };
        tasks::finish();
        // SAFETY: nothing refers to the arguments any more.
        unsafe {
            free_argument(params);
            if tag != 0 {
                free_argument(body);
            }
        }
        area(result)
    })
}

fn with_sdk(sdk: &Sdk, route: u32) -> Reply {
    let Some(route) = sdk.routes.get(route as usize) else {
        return Reply::FAILED;
    };
    // SAFETY: the values are alive.
    let own = Value::owned(unsafe {
        qjs::JS_NewObjectProtoClass(context(), sdk.prototype.raw(), sdk.class)
    });
    let raw = own.raw();
    let call = &mut state().call;
    call.context = raw;
    call.owned_context = Some(own);
    let result = route
        .handler
        .call(&[raw])
        .and_then(|value| convert(sdk, &value, route.status));
    match result {
        Ok(Some(reply)) => reply,
        Ok(None) => wait(),
        Err(_) => stages::fail(sdk, &exception()),
    }
}

/// Converts the value of a handler. Returns `None`, and sets the stage, if there is a promise.
#[inline]
fn convert(sdk: &Sdk, value: &Value, status: u16) -> Result<Option<Reply>> {
    if let Some(reply) = reply::plain(value, status)? {
        return Ok(Some(reply));
    }
    let stage = match reply::promise(value)? {
        Some(promise) => Stage::Value(promise, status),
        None => match stages::lower(sdk, value, status)? {
            Ok(reply) => return Ok(Some(reply)),
            Err(promise) => Stage::Reply(promise),
        },
    };
    state().call.stage = Some(stage);
    Ok(None)
}

/// Waits for the stage of the current call as far as possible.
fn wait() -> Reply {
    match answer() {
        Some(Answer::Reply(reply)) => reply,
        Some(_) => Reply::FAILED,
        None => Reply::PENDING,
    }
}

/// Returns the answer of the current call, or `None` if it has to wait for an operation.
fn answer() -> Option<Answer> {
    stages::advance().or_else(|| {
        if stages::can_continue() {
            None
        } else {
            stages::give_up()
        }
    })
}

fn without_sdk(state: &mut State, route: u32) -> Reply {
    let Some(app) = &state.app else {
        return Reply::FAILED;
    };
    let result = || -> Result<Option<Reply>> {
        let body = body_value(state.call.body)?;
        let [route, params] = [
            Value::number(f64::from(route)),
            Value::text(state.call.params),
        ];
        let value = app.handle.call(&[route.raw(), params.raw(), body.raw()])?;
        match reply::promise(&value)? {
            Some(promise) => self::state().call.stage = Some(Stage::Raw(promise)),
            None => return reply::read(&value).map(Some),
        }
        Ok(None)
    };
    match result() {
        Ok(Some(reply)) => reply,
        Ok(None) => wait(),
        Err(_) => reply::failed(),
    }
}

/// Returns `{ tag, val }`.
fn body_value(body: Body) -> Result<Value> {
    let atoms = &state().atoms;
    let value = Value::object();
    let name = ["empty", "json", "text", "form", "bytes"][usize::from(body.tag.min(4))];
    value.set(atoms.tag, Value::text(name))?;
    match body.tag {
        0 => {}
        4 => value.set(atoms.val, Value::bytes(body.bytes))?,
        _ => value.set(atoms.val, Value::text(body.bytes))?,
    }
    Ok(value)
}

/// Calls a hook before the handler.
fn early(index: usize, arguments: &[Value], params: &'static [u8]) -> *const u8 {
    let result = hook(
        index,
        arguments,
        params,
        Stage::Early,
        reply::read,
        |reply| reply,
        |answer| match answer {
            Answer::Early(reply) => reply,
            _ => None,
        },
    );
    area(optional(result, Reply::PENDING))
}

/// Calls a hook after the handler.
fn late(index: usize, arguments: &[Value]) -> *const u8 {
    let result = hook(
        index,
        arguments,
        &[],
        Stage::Late,
        reply::read_changed,
        Changed::from,
        |answer| match answer {
            Answer::Late(changed) => changed,
            _ => None,
        },
    );
    area(optional(result, Changed::from(Reply::PENDING)))
}

fn optional<T>(value: Option<T>, none: T) -> Maybe<T> {
    Maybe {
        some: u8::from(value.is_some()),
        value: value.unwrap_or(none),
    }
}

/// Calls a hook, and converts its result with `read`.
fn hook<T>(
    index: usize,
    arguments: &[Value],
    params: &'static [u8],
    stage: fn(Value) -> Stage,
    read: fn(&Value) -> Result<T>,
    failed: fn(Reply) -> T,
    take: fn(Answer) -> Option<T>,
) -> Option<T> {
    let state = begin(params, Body::EMPTY);
    let Some(hooks) = state.app.as_ref().and_then(|app| app.hooks.as_ref()) else {
        report::report("the app declares hooks, but does not export `hooks`", "");
        return None;
    };
    let raw: Vec<_> = arguments.iter().map(Value::raw).collect();
    let value = hooks[index].call(&raw);
    let promise = value.and_then(|value| Ok((reply::promise(&value)?, value)));
    let result = match promise {
        Ok((Some(promise), _)) => {
            state.call.stage = Some(stage(promise));
            match answer() {
                Some(answer) => take(answer),
                None => Some(failed(Reply::PENDING)),
            }
        }
        Ok((None, value)) => stages::hook_result(Ok(value), read, failed),
        Err(thrown) => stages::hook_result(Err(thrown), read, failed),
    };
    tasks::finish();
    result
}

fn number(value: u32) -> Value {
    Value::number(f64::from(value))
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#on-request")]
extern "C" fn on_request(route: u32) -> *const u8 {
    run(|| early(0, &[number(route)], &[]))
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#pre-validation")]
extern "C" fn pre_validation(route: u32) -> *const u8 {
    run(|| early(1, &[number(route)], &[]))
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#pre-handler")]
unsafe extern "C" fn pre_handler(route: u32, params: *mut u8, size: usize) -> *const u8 {
    run(|| {
        // SAFETY: the arguments of the call.
        let text = unsafe { argument(params, size) };
        let result = early(2, &[number(route), Value::text(text)], text);
        // SAFETY: nothing refers to the argument any more.
        unsafe { free_argument(params) };
        result
    })
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#on-response")]
unsafe extern "C" fn on_response(
    route: u32,
    status: u32,
    headers: *mut u8,
    size: usize,
) -> *const u8 {
    run(|| {
        // SAFETY: the arguments of the call.
        let text = Value::text(unsafe { argument(headers, size) });
        // SAFETY: nothing refers to the argument any more.
        unsafe { free_argument(headers) };
        late(3, &[number(route), number(status), text])
    })
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#on-error")]
unsafe extern "C" fn on_error(
    route: u32,
    status: u32,
    headers: *mut u8,
    size: usize,
    message: *mut u8,
    message_size: usize,
) -> *const u8 {
    run(|| {
        // SAFETY: the arguments of the call.
        let [headers_text, message_text] =
            unsafe { [argument(headers, size), argument(message, message_size)].map(Value::text) };
        // SAFETY: nothing refers to the arguments any more.
        unsafe {
            free_argument(headers);
            free_argument(message);
        }
        late(
            4,
            &[number(route), number(status), headers_text, message_text],
        )
    })
}

/// `route` of the interface `definition`.
#[repr(C)]
struct RouteRecord {
    method: u8,
    texts: [Bytes; 6],
}

/// `description`
#[repr(C)]
struct Description {
    name: Bytes,
    version: Bytes,
    routes: *const RouteRecord,
    count: usize,
    settings: Bytes,
}

/// `result<description, string>`
#[repr(C)]
struct Described {
    error: u8,
    value: Payload,
}

#[repr(C)]
union Payload {
    description: core::mem::ManuallyDrop<Description>,
    message: Bytes,
}

static ROUTES: crate::memory::Global<Vec<RouteRecord>> = crate::memory::Global::new(Vec::new());

#[unsafe(export_name = "spikard:handler/definition@0.1.0#describe")]
extern "C" fn describe() -> *const u8 {
    run(|| {
        begin(&[], Body::EMPTY);
        let result = description();
        tasks::finish();
        area(match result {
            Ok(description) => Described {
                error: 0,
                value: Payload {
                    description: core::mem::ManuallyDrop::new(description),
                },
            },
            Err(_) => {
                let message = Value::text(message(&exception()));
                Described {
                    error: 1,
                    value: Payload {
                        message: reply::text(&message).unwrap_or(Bytes::EMPTY),
                    },
                }
            }
        })
    })
}

/// Returns the message for an invalid definition: the message of the error, or the thrown value as text.
fn message(error: &Value) -> String {
    let atoms = &state().atoms;
    // SAFETY: reads the class of the value.
    let value = match unsafe { qjs::JS_IsError(error.raw()) } {
        true => error.get(atoms.message),
        false => Ok(error.clone()),
    };
    match value {
        Ok(value) => crate::failure::show(&value),
        Err(_) => crate::failure::show(&exception()),
    }
}

fn description() -> Result<Description> {
    use crate::value::{atom, throw_type_error};
    const METHODS: [&str; 8] = [
        "get", "head", "post", "put", "patch", "delete", "options", "trace",
    ];
    let invalid = |message: &str| {
        throw_type_error(message);
        crate::value::Thrown
    };
    let Some(app) = &state().app else {
        return Err(invalid("no app was loaded"));
    };
    let value = reply::settled(app.describe.call(&[])?)?;
    let get =
        |value: &Value, name: &str| value.get(atom(name)).and_then(|value| reply::text(&value));
    let list = value.get(atom("routes"))?;
    let count = list.get(atom("length"))?.to_int()?.max(0) as u32;
    let mut routes = Vec::new();
    for at in 0..count {
        let route = list.at(at)?;
        let method = route.get(atom("method"))?.to_text()?.string();
        let Some(number) = METHODS.iter().position(|&name| name == method) else {
            return Err(invalid(&format!(
                "route {at} has method `{method}`: give one of {}",
                METHODS.join(", ")
            )));
        };
        let mut texts = [Bytes::EMPTY; 6];
        for (text, name) in
            texts
                .iter_mut()
                .zip(["path", "name", "parameters", "body", "replies", "settings"])
        {
            *text = get(&route, name)?;
        }
        routes.push(RouteRecord {
            method: number as u8,
            texts,
        });
    }
    let (start, count) = (routes.as_ptr(), routes.len());
    ROUTES.0.set(routes);
    let [name, version, settings] = ["name", "version", "settings"].map(|name| get(&value, name));
    Ok(Description {
        name: name?,
        version: version?,
        routes: start,
        count,
        settings: settings?,
    })
}
