//! The interface `io`: operations that the host runs, in the canonical ABI. The functions with texts are declared by hand,
//! because a generated wrapper copies each text.

use core::mem::MaybeUninit;

use crate::memory::free_result;
use crate::native::{Entry, module, native};
use crate::reply::{self, Bytes, Content, Reply};
use crate::state::state;
use crate::value::{Result, Value, exception};

pub(crate) use crate::host::spikard::handler::io::{abandon, select, task};

#[link(wasm_import_module = "spikard:handler/io@0.1.0")]
unsafe extern "C" {
    #[link_name = "submit"]
    #[allow(clippy::too_many_arguments)]
    fn import_submit(
        task: u32,
        op: u32,
        kind: *const u8,
        kind_size: usize,
        head: *const u8,
        head_size: usize,
        tag: u32,
        body: *const u8,
        body_size: usize,
        result: *mut Reply,
    );
    #[link_name = "call"]
    fn import_call(
        kind: *const u8,
        kind_size: usize,
        head: *const u8,
        head_size: usize,
        tag: u32,
        body: *const u8,
        body_size: usize,
        result: *mut Reply,
    );
    #[link_name = "reply"]
    fn import_reply(
        task: u32,
        status: u32,
        headers: *const u8,
        headers_size: usize,
        some: u32,
        tag: u32,
        body: *const u8,
        body_size: usize,
    );
    #[link_name = "fail"]
    fn import_fail(
        task: u32,
        message: *const u8,
        message_size: usize,
        detail: *const u8,
        detail_size: usize,
    );
}

/// The result of an operation, in memory that the host has allocated in this module.
pub(crate) struct Outcome(Reply);

impl Drop for Outcome {
    fn drop(&mut self) {
        let texts = [self.0.headers, self.0.content.bytes];
        for text in &texts[..if self.0.content.tag == 0 { 1 } else { 2 }] {
            // SAFETY: the host allocated the text for this module, which frees it once.
            unsafe { free_result(text.start(), text.size()) };
        }
    }
}

impl Outcome {
    /// The status; 0 for an operation in progress.
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    pub(crate) fn head(&self) -> &[u8] {
        // SAFETY: the host wrote the text.
        unsafe { self.0.headers.slice() }
    }

    /// The message of a failed operation.
    pub(crate) fn failure(&self) -> String {
        let message = Value::parse(self.head()).and_then(|head| head.get(state().atoms.message));
        message.map_or_else(
            |_| {
                drop(exception());
                "it did not say why".to_owned()
            },
            |message| crate::failure::show(&message),
        )
    }

    fn values(&self) -> Result<[Value; 4]> {
        let body: &[u8] = match self.0.content.tag {
            0 => &[],
            // SAFETY: the host wrote the text.
            _ => unsafe { self.0.content.bytes.slice() },
        };
        values(
            self.status(),
            self.head(),
            u32::from(self.0.content.tag),
            body,
        )
    }

    /// Returns `[status, head, tag, value]`.
    pub(crate) fn value(&self) -> Result<Value> {
        self.values().map(Value::array)
    }
}

/// Converts a result to JavaScript: the status, the head as text, the tag of the body, and its value. The byte after each
/// text is zero.
pub(crate) fn values(status: u16, head: &[u8], tag: u32, body: &[u8]) -> Result<[Value; 4]> {
    let value = match tag {
        0 => Value::UNDEFINED,
        1 => Value::parse(body)?,
        2 => Value::text(body),
        _ => Value::bytes(body),
    };
    Ok([
        Value::int(i32::from(status)),
        Value::text(head),
        Value::int(tag as i32),
        value,
    ])
}

/// Starts an operation of a task.
pub(crate) fn submit(task: u32, op: u32, kind: &[u8], head: &[u8], body: Content) -> Outcome {
    let mut result = MaybeUninit::<Reply>::uninit();
    // SAFETY: the texts are valid, and the host writes the result.
    unsafe {
        let (start, size) = (body.bytes.start(), body.bytes.size());
        import_submit(
            task,
            op,
            kind.as_ptr(),
            kind.len(),
            head.as_ptr(),
            head.len(),
            u32::from(body.tag),
            start,
            size,
            result.as_mut_ptr(),
        );
        Outcome(result.assume_init())
    }
}

/// Runs an operation and waits for its result.
pub(crate) fn call(kind: &[u8], head: &[u8], body: Content) -> Outcome {
    let mut result = MaybeUninit::<Reply>::uninit();
    // SAFETY: the same.
    unsafe {
        import_call(
            kind.as_ptr(),
            kind.len(),
            head.as_ptr(),
            head.len(),
            u32::from(body.tag),
            body.bytes.start(),
            body.bytes.size(),
            result.as_mut_ptr(),
        );
        Outcome(result.assume_init())
    }
}

/// Answers a task.
pub(crate) fn reply(task: u32, status: u16, headers: Bytes, body: Option<Content>) {
    let content = body.unwrap_or(Content::EMPTY);
    // SAFETY: the texts are alive until the next export.
    unsafe {
        import_reply(
            task,
            u32::from(status),
            headers.start(),
            headers.size(),
            u32::from(body.is_some()),
            u32::from(content.tag),
            content.bytes.start(),
            content.bytes.size(),
        );
    }
}

/// Fails a task.
pub(crate) fn fail(task: u32, message: &str, detail: &str) {
    // SAFETY: the texts are valid.
    unsafe {
        import_fail(
            task,
            message.as_ptr(),
            message.len(),
            detail.as_ptr(),
            detail.len(),
        );
    }
}

/// Returns the content of an argument, `{ tag, val }` or `undefined`.
pub(crate) fn content(value: &Value) -> Result<Content> {
    if value.is_undefined() {
        return Ok(Content::EMPTY);
    }
    reply::content(value)
}

/// Converts `[status, head, tag, value]` to `[status, head, { tag, val }]`, for an app without the SDK.
pub(crate) fn pair(values: &[Value; 4]) -> Result<Value> {
    let [status, head, tag, val] = values;
    let atoms = &state().atoms;
    let name = ["empty", "json", "text", "bytes"][tag.to_int()?.clamp(0, 3) as usize];
    let body = Value::object();
    body.set(atoms.tag, Value::text(name))?;
    // WIT has the type `string` for JSON.
    let val = if name == "json" {
        val.json()?
    } else {
        val.clone()
    };
    body.set(atoms.val, val)?;
    Ok(Value::array([status.clone(), head.clone(), body]))
}

native! {
    io_task(_) { Ok(Value::number(f64::from(task()))) }
    io_submit(arguments) {
        let numbers = [arguments.get(0).to_int()? as u32, arguments.get(1).to_int()? as u32];
        let [kind, head] = [arguments.get(2).to_text()?, arguments.get(3).to_text()?];
        let body = content(&arguments.get(4))?;
        pair(&submit(numbers[0], numbers[1], kind.bytes(), head.bytes(), body).values()?)
    }
    io_call(arguments) {
        let [kind, head] = [arguments.get(0).to_text()?, arguments.get(1).to_text()?];
        let body = content(&arguments.get(2))?;
        pair(&call(kind.bytes(), head.bytes(), body).values()?)
    }
    io_abandon(arguments) {
        abandon(arguments.get(0).to_int()? as u32);
        Ok(Value::UNDEFINED)
    }
    io_reply(arguments) {
        let [task, status] = [arguments.get(0).to_int()? as u32, arguments.get(1).to_int()? as u32];
        let headers = reply::text(&arguments.get(2))?;
        let body = arguments.get(3);
        let body = if body.is_nullish() { None } else { Some(reply::content(&body)?) };
        reply(task, status as u16, headers, body);
        Ok(Value::UNDEFINED)
    }
    io_fail(arguments) {
        fail(arguments.get(0).to_int()? as u32, &arguments.string(1)?, &arguments.string(2)?);
        Ok(Value::UNDEFINED)
    }
    io_select(arguments) { Ok(Value::bool(select(arguments.get(0).to_int()? as u32))) }

    // `call` for the SDK: returns `[status, head, tag, value]`.
    run_call(arguments) {
        let [kind, head] = [arguments.get(0).to_text()?, arguments.get(1).to_text()?];
        let body = content(&arguments.get(2))?;
        call(kind.bytes(), head.bytes(), body).value()
    }
}

/// `call`, for the SDK.
pub(crate) const CALL: Entry = (c"call", 3, run_call);

const IO: &[Entry] = &[
    (c"task", 0, io_task),
    (c"submit", 5, io_submit),
    (c"call", 3, io_call),
    (c"abandon", 1, io_abandon),
    (c"reply", 4, io_reply),
    (c"fail", 3, io_fail),
    (c"select", 1, io_select),
];

/// Registers the module, for apps without the SDK.
pub(crate) fn register() {
    module(c"spikard:handler/io@0.1.0", IO);
}
