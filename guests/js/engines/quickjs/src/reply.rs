//! Replies: from values to the memory that the host reads.

use rquickjs_sys as qjs;

use crate::jobs;
use crate::state::{State, state};
use crate::tasks;
use crate::value::{Result, Text, Thrown, Value, context, exception};

/// Bytes that the host reads after the call.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Bytes {
    start: *const u8,
    size: usize,
}

impl Bytes {
    pub(crate) fn start(self) -> *const u8 {
        self.start
    }

    pub(crate) fn size(self) -> usize {
        self.size
    }

    /// # Safety
    /// The bytes are alive.
    pub(crate) unsafe fn slice(&self) -> &[u8] {
        if self.size == 0 {
            return b"";
        }
        // SAFETY: the caller's promise.
        unsafe { core::slice::from_raw_parts(self.start, self.size) }
    }

    pub(crate) const EMPTY: Bytes = Bytes {
        start: core::ptr::dangling(),
        size: 0,
    };
}

/// The variant `content`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Content {
    pub(crate) tag: u8,
    pub(crate) bytes: Bytes,
}

impl Content {
    pub(crate) const EMPTY: Content = Content {
        tag: 0,
        bytes: Bytes::EMPTY,
    };

    /// Returns a text, which has to live until the host has read it.
    pub(crate) fn text(text: &[u8]) -> Self {
        let (start, size) = (text.as_ptr(), text.len());
        Self {
            tag: 2,
            bytes: Bytes { start, size },
        }
    }
}

/// `tuple<u16, string, content>` of the canonical ABI.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Bytes,
    pub(crate) content: Content,
}

impl Reply {
    /// The reply of a call that waits.
    pub(crate) const PENDING: Reply = Reply {
        status: 0,
        headers: Bytes::EMPTY,
        content: Content::EMPTY,
    };

    /// The reply of a call that reported a failure.
    pub(crate) const FAILED: Reply = Reply {
        status: 500,
        headers: Bytes::EMPTY,
        content: Content::EMPTY,
    };
}

/// `option<T>`
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Maybe<T> {
    pub(crate) some: u8,
    pub(crate) value: T,
}

/// `tuple<u16, string, option<content>>`
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Changed {
    pub(crate) status: u16,
    pub(crate) headers: Bytes,
    pub(crate) content: Maybe<Content>,
}

impl From<Reply> for Changed {
    fn from(reply: Reply) -> Self {
        Self {
            status: reply.status,
            headers: reply.headers,
            content: Maybe {
                some: 1,
                value: reply.content,
            },
        }
    }
}

/// Reads `[status, headers, content]`, whose content can be missing.
pub(crate) fn read_changed(value: &Value) -> Result<Changed> {
    let status = status(value)?;
    let headers = text(&value.at(1)?)?;
    let content = value.at(2)?;
    let content = match content.is_nullish() {
        true => Maybe {
            some: 0,
            value: Content::EMPTY,
        },
        false => Maybe {
            some: 1,
            value: self::content(&content)?,
        },
    };
    Ok(Changed {
        status,
        headers,
        content,
    })
}

/// Keeps a text until the next call.
fn keep(state: &mut State, text: Text) -> Bytes {
    let bytes = Bytes {
        start: text.bytes().as_ptr(),
        size: text.bytes().len(),
    };
    state.texts.push(text);
    bytes
}

/// Frees the result of the last call.
#[inline]
pub(crate) fn free_last() {
    let state = state();
    state.texts.clear();
    state.values.clear();
}

pub(crate) fn text(value: &Value) -> Result<Bytes> {
    let text = value.to_text()?;
    Ok(keep(state(), text))
}

/// Converts the value of a handler. Returns `None` for one that the SDK has to convert.
#[inline]
pub(crate) fn plain(value: &Value, status: u16) -> Result<Option<Reply>> {
    let status = if status == 0 { 200 } else { status };
    if value.is_string() {
        let bytes = text(value)?;
        return Ok(Some(Reply {
            status,
            headers: Bytes::EMPTY,
            content: Content { tag: 2, bytes },
        }));
    }
    if !is_plain(value)? {
        return Ok(None);
    }
    let json = value.json()?;
    if json.is_undefined() {
        return Ok(None);
    }
    let text = json.to_text()?;
    // Such as `{"user":{}}` of a promise: the SDK finds an object without a JSON form.
    if memchr::memmem::find(text.bytes(), b"{}").is_some() {
        return Ok(None);
    }
    let bytes = json_text(text)?;
    Ok(Some(Reply {
        status,
        headers: Bytes::EMPTY,
        content: Content { tag: 1, bytes },
    }))
}

/// Returns true if a value is a plain object, such as that of a literal, and not a thenable.
#[inline]
fn is_plain(value: &Value) -> Result<bool> {
    const OBJECT: u32 = 1;
    if !value.is_object() {
        return Ok(false);
    }
    // SAFETY: the value is an object.
    unsafe {
        if qjs::JS_GetClassID(value.raw()) != OBJECT {
            return Ok(false);
        }
        let prototype = Value::result(qjs::JS_GetPrototype(context(), value.raw()))?;
        if prototype.raw() != state().object_prototype {
            return Ok(false);
        }
    }
    Ok(value.get(state().atoms.then)?.is_undefined())
}

/// Returns the output of `JSON.stringify`. It escapes a lone surrogate, which becomes U+FFFD here.
fn json_text(text: Text) -> Result<Bytes> {
    match with_scalar_values(text.bytes()) {
        None => Ok(keep(state(), text)),
        Some(fixed) => self::text(&Value::text(fixed)),
    }
}

/// Replaces each escaped lone surrogate of a JSON text, or returns `None` if it has none.
fn with_scalar_values(text: &[u8]) -> Option<Vec<u8>> {
    let mut fixed = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text[at..]) {
        let start = at + found;
        // An escape has two bytes, or six with `u`. `JSON.stringify` escapes only lone surrogates and control
        // characters with `u`.
        at = start + 2;
        if text.get(start + 1..start + 3) == Some(b"ud") {
            fixed.extend_from_slice(&text[copied..start]);
            fixed.extend_from_slice("\u{fffd}".as_bytes());
            at = start + 6;
            copied = at;
        }
        if at >= text.len() {
            break;
        }
    }
    if copied == 0 {
        return None;
    }
    fixed.extend_from_slice(text.get(copied..).unwrap_or_default());
    Some(fixed)
}

/// Reads `[status, headers, content]`.
pub(crate) fn read(value: &Value) -> Result<Reply> {
    let status = status(value)?;
    let headers = text(&value.at(1)?)?;
    Ok(Reply {
        status,
        headers,
        content: content(&value.at(2)?)?,
    })
}

/// Reads the status of a reply.
pub(crate) fn status(value: &Value) -> Result<u16> {
    let status = value.at(0)?.to_number()?;
    if status.fract() == 0.0 && (0.0..=65535.0).contains(&status) {
        return Ok(status as u16);
    }
    Err(invalid(&format!(
        "the reply has status `{status}`: give one from 200 to 599"
    )))
}

/// Reads `{ tag, val }`.
pub(crate) fn content(value: &Value) -> Result<Content> {
    let state = state();
    let name = value.get(state.atoms.tag)?.to_text()?;
    let tag = match name.bytes() {
        b"empty" => return Ok(Content::EMPTY),
        b"json" => 1,
        b"text" => 2,
        b"bytes" => 3,
        _ => {
            let name = name.string();
            return Err(invalid(&format!(
                "the reply has content `{name}`: give empty, json, text or bytes"
            )));
        }
    };
    let val = value.get(state.atoms.val)?;
    if tag != 3 {
        return Ok(Content {
            tag,
            bytes: text(&val)?,
        });
    }
    let Some(view) = val.view() else {
        return Err(invalid(
            "the content `bytes` of the reply is not a Uint8Array",
        ));
    };
    // A job of the call runs later, and could free the buffer.
    let val = if jobs::are_pending() {
        Value::bytes(view)
    } else {
        val
    };
    let view = val.view().unwrap_or_default();
    let bytes = Bytes {
        start: view.as_ptr(),
        size: view.len(),
    };
    state.values.push(val);
    Ok(Content { tag, bytes })
}

fn invalid(message: &str) -> Thrown {
    crate::value::throw_type_error(message);
    Thrown
}

/// Reports the pending exception of an app without the SDK, and returns the reply for it.
pub(crate) fn failed() -> Reply {
    fail(&exception())
}

/// Reports an error, and returns the reply for it.
pub(crate) fn fail(error: &Value) -> Reply {
    tasks::report_error(error);
    Reply::FAILED
}

/// Returns a promise for a thenable, or `None` for any other value.
pub(crate) fn promise(value: &Value) -> Result<Option<Value>> {
    if !value.is_object() || !value.get(state().atoms.then)?.is_function() {
        return Ok(None);
    }
    state().adopt.call(&[value.raw()]).map(Some)
}

/// Returns the value of a promise, or the value itself. The error of a rejected promise is thrown.
pub(crate) fn settled(value: Value) -> Result<Value> {
    match promise(&value)? {
        Some(promise) => jobs::wait(&promise),
        None => Ok(value),
    }
}
