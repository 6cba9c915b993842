//! Types of parameters.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::Json;

/// The largest integer that every JSON parser reads exactly, 2^53 - 1.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// A type that a statement can take as a parameter.
///
/// | type | SQL |
/// |---|---|
/// | `bool` | boolean |
/// | `i8` to `i64`, `u16` to `u64`, `isize`, `usize` | integer |
/// | `f32`, `f64` | floating-point number |
/// | `str`, `String`, `Cow<str>`, `Rc<str>`, `Arc<str>` | text |
/// | `[u8]`, `Vec<u8>` | bytes |
/// | [`Json<T>`](crate::Json), [`serde_json::Value`] | JSON; text in SQLite |
/// | `[T]`, `Vec<T>` | an array (PostgreSQL) |
/// | `Option<T>` | the value, or null |
/// | `uuid::Uuid` (feature `uuid`) | UUID |
/// | types of `chrono` and `time` (features of the same names) | timestamps, dates and times |
/// | `rust_decimal::Decimal` (feature `rust_decimal`) | decimal number |
///
/// Implement it for your own type by writing one of these:
///
/// ```
/// use spikard_wasm_sdk::{ParamWriter, ToParam};
///
/// struct UserId(i64);
///
/// impl ToParam for UserId {
///     fn write(&self, writer: &mut ParamWriter<'_>) {
///         self.0.write(writer);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a statement",
    label = "not a type of SQL",
    note = "use an integer, `f64`, `bool`, `String`, `Vec<u8>`, an `Option` of these, `Json(value)` for structs, or implement `ToParam`; `u8` is only for bytes: convert a single one with `i16::from`"
)]
pub trait ToParam {
    /// Writes the value. Call exactly one method of the writer.
    fn write(&self, writer: &mut ParamWriter<'_>);
}

/// Writes a parameter as JSON.
#[derive(Debug)]
pub struct ParamWriter<'a> {
    pub(super) json: &'a mut String,
    /// The first value that could not be written.
    pub(super) fault: &'a mut Option<String>,
}

impl ParamWriter<'_> {
    /// Writes a null.
    pub fn null(&mut self) {
        self.json.push_str("null");
    }

    /// Writes a boolean.
    pub fn bool(&mut self, value: bool) {
        self.json.push_str(if value { "true" } else { "false" });
    }

    /// Writes an integer.
    pub fn int(&mut self, value: i64) {
        self.integer(value.unsigned_abs(), &value.to_string());
    }

    /// Writes an integer that is not negative.
    pub fn unsigned(&mut self, value: u64) {
        self.integer(value, &value.to_string());
    }

    fn integer(&mut self, magnitude: u64, text: &str) {
        if magnitude <= MAX_SAFE {
            self.json.push_str(text);
        } else {
            self.typed("int", text);
        }
    }

    /// Writes a floating-point number.
    pub fn float(&mut self, value: f64) {
        match value {
            _ if value.is_nan() => self.typed("float", "NaN"),
            f64::INFINITY => self.typed("float", "Infinity"),
            f64::NEG_INFINITY => self.typed("float", "-Infinity"),
            _ => self.value(&value),
        }
    }

    /// Writes text.
    pub fn text(&mut self, value: &str) {
        self.value(value);
    }

    /// Writes bytes.
    pub fn bytes(&mut self, value: &[u8]) {
        self.json.push_str(r#"{"bytes":""#);
        STANDARD.encode_string(value, self.json);
        self.json.push_str("\"}");
    }

    /// Writes a value as JSON.
    pub fn json<T: Serialize + ?Sized>(&mut self, value: &T) {
        self.json.push_str(r#"{"json":"#);
        self.value(value);
        self.json.push('}');
    }

    /// Writes the text of a `decimal`, `timestamp`, `date`, `time` or `uuid`.
    pub fn typed(&mut self, name: &str, text: &str) {
        self.json.push('{');
        self.value(name);
        self.json.push(':');
        self.value(text);
        self.json.push('}');
    }

    /// Writes an array.
    pub fn array<'v, T: ToParam + ?Sized + 'v>(&mut self, values: impl IntoIterator<Item = &'v T>) {
        self.json.push_str(r#"{"array":["#);
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.json.push(',');
            }
            value.write(self);
        }
        self.json.push_str("]}");
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        match serde_json::to_string(value) {
            Ok(text) => self.json.push_str(&text),
            Err(error) => {
                self.json.push_str("null");
                self.fault.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

macro_rules! params {
    ($($ty:ty: |$value:ident, $writer:ident| $write:expr;)*) => {
        $(impl ToParam for $ty {
            fn write(&self, $writer: &mut ParamWriter<'_>) {
                let $value = self;
                $write;
            }
        })*
    };
}
pub(super) use params;

params! {
    bool: |value, writer| writer.bool(*value);
    i8: |value, writer| writer.int((*value).into());
    i16: |value, writer| writer.int((*value).into());
    i32: |value, writer| writer.int((*value).into());
    i64: |value, writer| writer.int(*value);
    isize: |value, writer| writer.int(*value as i64);
    u16: |value, writer| writer.unsigned((*value).into());
    u32: |value, writer| writer.unsigned((*value).into());
    u64: |value, writer| writer.unsigned(*value);
    usize: |value, writer| writer.unsigned(*value as u64);
    f32: |value, writer| writer.float((*value).into());
    f64: |value, writer| writer.float(*value);
    str: |value, writer| writer.text(value);
    String: |value, writer| writer.text(value);
    Cow<'_, str>: |value, writer| writer.text(value);
    [u8]: |value, writer| writer.bytes(value);
    Vec<u8>: |value, writer| writer.bytes(value);
    Value: |value, writer| writer.json(value);
}

impl<const N: usize> ToParam for [u8; N] {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        writer.bytes(self);
    }
}

impl<T: Serialize> ToParam for Json<T> {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        writer.json(&self.0);
    }
}

impl<T: ToParam> ToParam for [T] {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        writer.array(self);
    }
}

impl<T: ToParam> ToParam for Vec<T> {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        writer.array(self);
    }
}

impl<T: ToParam, const N: usize> ToParam for [T; N] {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        writer.array(self);
    }
}

impl<T: ToParam> ToParam for Option<T> {
    fn write(&self, writer: &mut ParamWriter<'_>) {
        match self {
            Some(value) => value.write(writer),
            None => writer.null(),
        }
    }
}

macro_rules! pointers {
    ($($ty:ty),*) => {
        $(impl<T: ToParam + ?Sized> ToParam for $ty {
            fn write(&self, writer: &mut ParamWriter<'_>) {
                (**self).write(writer);
            }
        })*
    };
}

pointers!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);
