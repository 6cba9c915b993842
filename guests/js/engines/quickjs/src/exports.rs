//! The functions that the host calls, in the canonical ABI. They are written by hand, because a generated wrapper
//! allocates memory for each result, and the host needs a second call to free it.

use rquickjs_sys as qjs;

use crate::host::spikard::handler::failure as report;
use crate::jobs;
use crate::memory::{free_argument, run};
use crate::reply::{self, Bytes, Content, Reply};
use crate::state::{Body, Call, Sdk, State, state};
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
unsafe fn argument(start: *const u8, size: usize) -> &'static [u8] {
    if size == 0 {
        return &[];
    }
    // SAFETY: the host has written `size` bytes at `start`.
    unsafe { core::slice::from_raw_parts(start, size) }
}

/// Begins a call.
fn begin(params: &'static [u8], body: Body) -> &'static mut State {
    reply::free_last();
    let state = state();
    state.call.number = state.call.number.wrapping_add(1).max(1);
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
            Some(sdk) => with_sdk(sdk, &mut state.call, route),
            None => without_sdk(state, route),
        };
        jobs::end_call();
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

fn with_sdk(sdk: &Sdk, call: &mut Call, route: u32) -> Reply {
    let Some(route) = sdk.routes.get(route as usize) else {
        return Reply::FAILED;
    };
    // SAFETY: the values are alive.
    let own = Value::owned(unsafe {
        qjs::JS_NewObjectProtoClass(context(), sdk.prototype.raw(), sdk.class)
    });
    call.context = own.raw();
    let result = route
        .handler
        .call(&[own.raw()])
        .and_then(|value| convert(sdk, value, route.status));
    let reply = result.or_else(|_| {
        let error = exception();
        sdk.fail
            .call(&[error.raw()])
            .and_then(|value| reply::read(&value))
    });
    reply.unwrap_or_else(|_| reply::failed())
}

fn convert(sdk: &Sdk, value: Value, status: u16) -> Result<Reply> {
    if let Some(reply) = reply::plain(&value, status)? {
        return Ok(reply);
    }
    let value = reply::settled(value)?;
    if let Some(reply) = reply::plain(&value, status)? {
        return Ok(reply);
    }
    let status = if status == 0 {
        Value::UNDEFINED
    } else {
        Value::int(i32::from(status))
    };
    reply::read(&sdk.lower.call(&[value.raw(), status.raw()])?)
}

fn without_sdk(state: &mut State, route: u32) -> Reply {
    let Some(app) = &state.app else {
        return Reply::FAILED;
    };
    let result = || -> Result<Reply> {
        let body = body_value(state.call.body)?;
        let [route, params] = [
            Value::number(f64::from(route)),
            Value::text(state.call.params),
        ];
        let value = app.handle.call(&[route.raw(), params.raw(), body.raw()])?;
        reply::read(&reply::settled(value)?)
    };
    result().unwrap_or_else(|_| reply::failed())
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

/// `option<T>`
#[repr(C)]
struct Maybe<T> {
    some: u8,
    value: T,
}

/// `tuple<u16, string, option<content>>`
#[repr(C)]
struct Changed {
    status: u16,
    headers: Bytes,
    content: Maybe<Content>,
}

/// Calls a hook, and converts its result with `read`.
fn hook<T>(
    index: usize,
    arguments: &[Value],
    params: &'static [u8],
    read: fn(&Value) -> Result<T>,
    failed: fn(Reply) -> T,
) -> *const u8 {
    let state = begin(params, Body::EMPTY);
    let Some(hooks) = state.app.as_ref().and_then(|app| app.hooks.as_ref()) else {
        report::report("the app declares hooks, but does not export `hooks`", "");
        return area(Maybe::<T> {
            some: 0,
            value: failed(Reply::FAILED),
        });
    };
    let raw: Vec<_> = arguments.iter().map(Value::raw).collect();
    let result = hooks[index]
        .call(&raw)
        .and_then(reply::settled)
        .and_then(|value| {
            if value.is_nullish() {
                Ok(None)
            } else {
                read(&value).map(Some)
            }
        });
    let result = result.unwrap_or_else(|_| Some(failed(reply::failed())));
    jobs::end_call();
    match result {
        None => area(Maybe::<T> {
            some: 0,
            value: failed(Reply::FAILED),
        }),
        Some(value) => area(Maybe { some: 1, value }),
    }
}

fn changed(reply: Reply) -> Changed {
    Changed {
        status: reply.status,
        headers: reply.headers,
        content: Maybe {
            some: 1,
            value: reply.content,
        },
    }
}

fn read_changed(value: &Value) -> Result<Changed> {
    let status = reply::status(value)?;
    let headers = reply::text(&value.at(1)?)?;
    let content = value.at(2)?;
    let content = match content.is_nullish() {
        true => Maybe {
            some: 0,
            value: Content::EMPTY,
        },
        false => Maybe {
            some: 1,
            value: reply::content(&content)?,
        },
    };
    Ok(Changed {
        status,
        headers,
        content,
    })
}

fn number(value: u32) -> Value {
    Value::number(f64::from(value))
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#on-request")]
extern "C" fn on_request(route: u32) -> *const u8 {
    run(|| hook(0, &[number(route)], &[], reply::read, |reply| reply))
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#pre-validation")]
extern "C" fn pre_validation(route: u32) -> *const u8 {
    run(|| hook(1, &[number(route)], &[], reply::read, |reply| reply))
}

#[unsafe(export_name = "spikard:handler/hooks@0.1.0#pre-handler")]
unsafe extern "C" fn pre_handler(route: u32, params: *mut u8, size: usize) -> *const u8 {
    run(|| {
        // SAFETY: the arguments of the call.
        let text = unsafe { argument(params, size) };
        let result = hook(
            2,
            &[number(route), Value::text(text)],
            text,
            reply::read,
            |reply| reply,
        );
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
        hook(
            3,
            &[number(route), number(status), text],
            &[],
            read_changed,
            changed,
        )
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
        hook(
            4,
            &[number(route), number(status), headers_text, message_text],
            &[],
            read_changed,
            changed,
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
        jobs::end_call();
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
