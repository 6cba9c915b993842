//! Values of QuickJS. The module has one context, so functions do not take it as an argument.

use core::ffi::{CStr, c_char, c_int};

pub(crate) use qjs::{JSContext, JSValue};
use rquickjs_sys as qjs;

use crate::memory::Global;

static CONTEXT: Global<*mut JSContext> = Global::new(core::ptr::null_mut());

/// Returns the context.
#[inline]
pub(crate) fn context() -> *mut JSContext {
    CONTEXT.0.get()
}

/// Sets the context, once.
pub(crate) fn set_context(context: *mut JSContext) {
    CONTEXT.0.set(context);
}

/// A value that this module owns.
pub(crate) struct Value(JSValue);

impl Drop for Value {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the value has one owner.
        unsafe { qjs::JS_FreeValue(context(), self.0) }
    }
}

impl Clone for Value {
    #[inline]
    fn clone(&self) -> Self {
        Self::borrowed(self.0)
    }
}

/// A call of JavaScript threw; the exception is pending in the context.
pub(crate) struct Thrown;

pub(crate) type Result<T> = core::result::Result<T, Thrown>;

/// A property name.
pub(crate) type Atom = qjs::JSAtom;

/// Returns the atom of a name. Atoms are never freed.
pub(crate) fn atom(name: &str) -> Atom {
    // SAFETY: the pointer is valid for the length.
    unsafe { qjs::JS_NewAtomLen(context(), name.as_ptr().cast(), name.len() as _) }
}

/// A function of the host, for JavaScript.
pub(crate) type Native =
    unsafe extern "C" fn(*mut JSContext, JSValue, c_int, *mut JSValue) -> JSValue;

impl Value {
    pub(crate) const UNDEFINED: Value = Value(qjs::JS_UNDEFINED);
    pub(crate) const NULL: Value = Value(qjs::JS_NULL);

    /// Takes over a value.
    #[inline]
    pub(crate) const fn owned(value: JSValue) -> Self {
        Self(value)
    }

    /// Takes over the result of a function, which can be an exception.
    #[inline]
    pub(crate) fn result(value: JSValue) -> Result<Self> {
        // SAFETY: reads the tag.
        if unsafe { qjs::JS_IsException(value) } {
            Err(Thrown)
        } else {
            Ok(Self(value))
        }
    }

    /// Returns a new reference to a value.
    #[inline]
    pub(crate) fn borrowed(value: JSValue) -> Self {
        // SAFETY: the value is alive.
        Self(unsafe { qjs::JS_DupValue(context(), value) })
    }

    /// Returns the value without its reference.
    #[inline]
    pub(crate) fn raw(&self) -> JSValue {
        self.0
    }

    /// Gives the reference away.
    #[inline]
    pub(crate) fn into_raw(self) -> JSValue {
        let value = self.0;
        core::mem::forget(self);
        value
    }

    pub(crate) fn int(value: i32) -> Self {
        Self(qjs::JS_MKVAL(qjs::JS_TAG_INT, value))
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self(if value { qjs::JS_TRUE } else { qjs::JS_FALSE })
    }

    pub(crate) fn number(value: f64) -> Self {
        Self(qjs::JS_NewFloat64(value))
    }

    pub(crate) fn text(text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        // SAFETY: the pointer is valid for the length; QuickJS replaces malformed UTF-8.
        Self(unsafe { qjs::JS_NewStringLen(context(), text.as_ptr().cast(), text.len() as _) })
    }

    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        // SAFETY: the pointer is valid for the length.
        Self(unsafe { qjs::JS_NewUint8ArrayCopy(context(), bytes.as_ptr(), bytes.len() as _) })
    }

    pub(crate) fn object() -> Self {
        // SAFETY: the context is alive.
        Self(unsafe { qjs::JS_NewObject(context()) })
    }

    pub(crate) fn array(items: impl IntoIterator<Item = Value>) -> Self {
        // SAFETY: the context is alive.
        let array = Self(unsafe { qjs::JS_NewArray(context()) });
        for (at, item) in items.into_iter().enumerate() {
            // SAFETY: takes over the item.
            unsafe { qjs::JS_SetPropertyUint32(context(), array.0, at as u32, item.into_raw()) };
        }
        array
    }

    pub(crate) fn function(name: &CStr, length: u32, function: Native) -> Self {
        // SAFETY: the function has the signature of `JS_CFUNC_generic`.
        Self(unsafe {
            let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic;
            qjs::JS_NewCFunction2(
                context(),
                Some(function),
                name.as_ptr(),
                length as c_int,
                kind,
                0,
            )
        })
    }

    /// Parses JSON. The byte after the text is zero.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        // SAFETY: QuickJS reads up to the zero byte.
        Self::result(unsafe {
            qjs::JS_ParseJSON(
                context(),
                text.as_ptr().cast(),
                text.len() as _,
                c"JSON".as_ptr(),
            )
        })
    }

    /// Returns the JSON text of the value, or `undefined`.
    #[inline]
    pub(crate) fn json(&self) -> Result<Self> {
        // SAFETY: the values are alive.
        Self::result(unsafe {
            qjs::JS_JSONStringify(context(), self.0, qjs::JS_UNDEFINED, qjs::JS_UNDEFINED)
        })
    }

    #[inline]
    pub(crate) fn get(&self, name: Atom) -> Result<Self> {
        // SAFETY: the values are alive.
        Self::result(unsafe { qjs::JS_GetProperty(context(), self.0, name) })
    }

    #[inline]
    pub(crate) fn at(&self, index: u32) -> Result<Self> {
        // SAFETY: the values are alive.
        Self::result(unsafe { qjs::JS_GetPropertyUint32(context(), self.0, index) })
    }

    #[inline]
    pub(crate) fn set(&self, name: Atom, value: Value) -> Result<()> {
        // SAFETY: takes over the value.
        match unsafe { qjs::JS_SetProperty(context(), self.0, name, value.into_raw()) } {
            -1 => Err(Thrown),
            _ => Ok(()),
        }
    }

    #[inline]
    pub(crate) fn call(&self, arguments: &[JSValue]) -> Result<Self> {
        self.call_on(qjs::JS_UNDEFINED, arguments)
    }

    #[inline]
    pub(crate) fn call_on(&self, this: JSValue, arguments: &[JSValue]) -> Result<Self> {
        // SAFETY: QuickJS does not write to the arguments of a call.
        Self::result(unsafe {
            let argv = arguments.as_ptr().cast_mut();
            qjs::JS_Call(context(), self.0, this, arguments.len() as c_int, argv)
        })
    }

    #[inline]
    pub(crate) fn is_undefined(&self) -> bool {
        self.0 == qjs::JS_UNDEFINED
    }

    pub(crate) fn is_nullish(&self) -> bool {
        self.0 == qjs::JS_UNDEFINED || self.0 == qjs::JS_NULL
    }

    #[inline]
    pub(crate) fn is_object(&self) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsObject(self.0) }
    }

    #[inline]
    pub(crate) fn is_string(&self) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsString(self.0) }
    }

    pub(crate) fn is_function(&self) -> bool {
        // SAFETY: the values are alive.
        unsafe { qjs::JS_IsFunction(context(), self.0) }
    }

    /// Converts to an integer, as `value | 0` does.
    pub(crate) fn to_int(&self) -> Result<i32> {
        let mut int = 0;
        // SAFETY: the pointer is valid.
        if unsafe { qjs::JS_ToInt32(context(), &mut int, self.0) } < 0 {
            Err(Thrown)
        } else {
            Ok(int)
        }
    }

    /// Converts to a 64-bit integer: a BigInt modulo 2^64, or a number that is rounded to zero.
    pub(crate) fn to_int64(&self) -> Result<i64> {
        let mut int = 0;
        // SAFETY: the pointer is valid.
        if unsafe { qjs::JS_ToInt64Ext(context(), &mut int, self.0) } < 0 {
            Err(Thrown)
        } else {
            Ok(int)
        }
    }

    pub(crate) fn to_number(&self) -> Result<f64> {
        let mut number = 0.0;
        // SAFETY: the pointer is valid.
        if unsafe { qjs::JS_ToFloat64(context(), &mut number, self.0) } < 0 {
            Err(Thrown)
        } else {
            Ok(number)
        }
    }

    pub(crate) fn to_bool(&self) -> bool {
        // SAFETY: the values are alive.
        unsafe { qjs::JS_ToBool(context(), self.0) == 1 }
    }

    /// Returns the bytes of a typed array or a `DataView`, or `None` for any other value. They are valid until
    /// JavaScript runs again.
    pub(crate) fn view(&self) -> Option<&[u8]> {
        // SAFETY: the results are pointers into the array's buffer, or null.
        unsafe {
            let mut size = 0;
            let bytes = qjs::JS_GetUint8Array(context(), &mut size, self.0);
            if bytes.is_null() {
                drop(exception());
                return None;
            }
            Some(core::slice::from_raw_parts(bytes, size as usize))
        }
    }

    /// Converts to text in UTF-8, as `String(value)` does. A lone surrogate becomes U+FFFD.
    #[inline]
    pub(crate) fn to_text(&self) -> Result<Text> {
        let mut size = 0;
        // SAFETY: the pointer is valid.
        let start = unsafe { qjs::JS_ToCStringLen2(context(), &mut size, self.0, false) };
        if start.is_null() {
            return Err(Thrown);
        }
        let text = Text {
            start,
            size: size as usize,
        };
        text.make_well_formed();
        Ok(text)
    }
}

/// Returns the pending exception.
pub(crate) fn exception() -> Value {
    // SAFETY: the context is alive.
    Value(unsafe { qjs::JS_GetException(context()) })
}

/// Throws a value, as the result of a native function.
pub(crate) fn throw(value: Value) -> JSValue {
    // SAFETY: takes over the value.
    unsafe { qjs::JS_Throw(context(), value.into_raw()) }
}

/// Throws a `TypeError`.
pub(crate) fn throw_type_error(message: &str) -> JSValue {
    let message = alloc_c(message);
    // SAFETY: the format has one string argument.
    unsafe { qjs::JS_ThrowTypeError(context(), c"%s".as_ptr(), message.as_ptr()) }
}

/// Returns a text that ends with a zero byte. Zero bytes in it are removed.
pub(crate) fn alloc_c(text: &str) -> std::ffi::CString {
    let bytes = text.bytes().filter(|&byte| byte != 0).collect();
    // SAFETY: the bytes have no zero byte.
    unsafe { std::ffi::CString::from_vec_unchecked(bytes) }
}

/// Text in UTF-8 that QuickJS allocated.
pub(crate) struct Text {
    start: *const c_char,
    size: usize,
}

impl Drop for Text {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the text has one owner.
        unsafe { qjs::JS_FreeCString(context(), self.start) }
    }
}

impl Text {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: QuickJS returned the size.
        unsafe { core::slice::from_raw_parts(self.start.cast(), self.size) }
    }

    /// Returns the text. It is well-formed, so nothing is replaced.
    pub(crate) fn string(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Replaces each lone surrogate, which QuickJS encodes like a scalar value (ED A0 80 to ED BF BF), with U+FFFD,
    /// which has three bytes as well.
    fn make_well_formed(&self) {
        let mut rest = self.bytes();
        while let Some(at) = memchr::memchr(0xed, rest) {
            if let Some(&second @ 0xa0..) = rest.get(at + 1)
                && second <= 0xbf
            {
                // SAFETY: text with a byte above 0x7f is a copy, not the memory of a string. The encoding has three
                // bytes.
                unsafe {
                    rest.as_ptr()
                        .add(at)
                        .cast_mut()
                        .copy_from(c"\u{fffd}".as_ptr().cast(), 3)
                }
            }
            rest = &rest[at + 1..];
        }
    }
}

/// Throws an `Error`.
pub(crate) fn throw_error(message: &str) -> JSValue {
    // SAFETY: the values are alive.
    let error = Value(unsafe { qjs::JS_NewError(context()) });
    let _ = error.set(crate::state::state().atoms.message, Value::text(message));
    throw(error)
}
