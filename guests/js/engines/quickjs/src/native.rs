//! Helpers for functions that JavaScript calls.

use core::ffi::{CStr, c_int};

use rquickjs_sys as qjs;

use crate::value::{
    JSContext, JSValue, Native, Result, Thrown, Value, context, throw, throw_type_error,
};

/// The arguments of a native function. A missing one is `undefined`.
pub(crate) struct Arguments<'a>(&'a [JSValue]);

impl Arguments<'_> {
    pub(crate) fn get(&self, index: usize) -> Value {
        self.0
            .get(index)
            .map_or(Value::UNDEFINED, |&value| Value::borrowed(value))
    }

    /// Converts an argument to a string.
    pub(crate) fn string(&self, index: usize) -> Result<String> {
        Ok(self.get(index).to_text()?.string())
    }

    /// Converts an argument to a string, or to `None` if it is `undefined` or `null`.
    pub(crate) fn optional(&self, index: usize) -> Result<Option<String>> {
        let value = self.get(index);
        if value.is_nullish() {
            Ok(None)
        } else {
            Ok(Some(value.to_text()?.string()))
        }
    }
}

/// Runs a native function.
///
/// # Safety
/// `argv` has `argc` values.
pub(crate) unsafe fn run(
    argc: c_int,
    argv: *mut JSValue,
    function: impl FnOnce(Arguments<'_>) -> Result<Value>,
) -> JSValue {
    let arguments = match argc {
        ..=0 => &[][..],
        // SAFETY: QuickJS passes that many arguments.
        _ => unsafe { core::slice::from_raw_parts(argv, argc as usize) },
    };
    match function(Arguments(arguments)) {
        Ok(value) => value.into_raw(),
        Err(Thrown) => qjs::JS_EXCEPTION,
    }
}

/// Returns the error of a native function.
pub(crate) fn type_error<T>(message: &str) -> Result<T> {
    throw_type_error(message);
    Err(Thrown)
}

/// Throws a string, the error of a host function with a `result`.
pub(crate) fn throw_text<T>(message: &str) -> Result<T> {
    throw(Value::text(message));
    Err(Thrown)
}

/// Defines a function for JavaScript: `native!(name(arguments) { ... })`.
macro_rules! native {
    ($($name:ident($arguments:pat) $body:block)*) => {$(
        unsafe extern "C" fn $name(
            _: *mut $crate::value::JSContext,
            _: $crate::value::JSValue,
            argc: core::ffi::c_int,
            argv: *mut $crate::value::JSValue,
        ) -> $crate::value::JSValue {
            #[allow(clippy::redundant_closure_call)]
            // SAFETY: QuickJS passes `argc` arguments.
            unsafe { $crate::native::run(argc, argv, |$arguments: $crate::native::Arguments<'_>| $body) }
        }
    )*};
}
pub(crate) use native;

/// A function of a module or of the global object: its name, its number of arguments, and itself.
pub(crate) type Entry = (&'static CStr, u32, Native);

/// Registers a module whose exports are functions.
pub(crate) fn module(name: &CStr, entries: &'static [Entry]) {
    // SAFETY: the names are valid, and `evaluate` finds the entries by the module's private value.
    unsafe {
        let module = qjs::JS_NewCModule(context(), name.as_ptr(), Some(evaluate));
        if module.is_null() {
            return;
        }
        for (name, _, _) in entries {
            qjs::JS_AddModuleExport(context(), module, name.as_ptr());
        }
        let list = entries as *const [Entry];
        let address = Value::array([
            Value::number(list.cast::<Entry>() as usize as f64),
            Value::number(list.len() as f64),
        ]);
        qjs::JS_SetModulePrivateValue(context(), module, address.into_raw());
    }
}

unsafe extern "C" fn evaluate(_: *mut JSContext, module: *mut qjs::JSModuleDef) -> c_int {
    let set = || -> Result<()> {
        // SAFETY: `module` has set the private value to the address and the length of a static list.
        let entries = unsafe {
            let address = Value::owned(qjs::JS_GetModulePrivateValue(context(), module));
            let [start, count] = [
                address.at(0)?.to_number()? as usize,
                address.at(1)?.to_number()? as usize,
            ];
            core::slice::from_raw_parts(start as *const Entry, count)
        };
        for &(name, length, function) in entries {
            let value = Value::function(name, length, function).into_raw();
            // SAFETY: takes over the value.
            unsafe { qjs::JS_SetModuleExport(context(), module, name.as_ptr(), value) };
        }
        Ok(())
    };
    if set().is_ok() { 0 } else { -1 }
}
