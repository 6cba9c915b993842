//! Messages for the errors of user code.

use rquickjs_sys as qjs;

use crate::state::state;
use crate::value::{Value, exception};

/// Returns the message of an error in one line, and its stack.
pub(crate) fn explain(error: &Value) -> (String, String) {
    // SAFETY: reads the class of the value.
    if !unsafe { qjs::JS_IsError(error.raw()) } {
        return (format!("the app threw {}", show(error)), String::new());
    }
    let stack = property(error, state().atoms.stack);
    let cause = match error.get(state().atoms.cause) {
        Ok(cause) if !cause.is_undefined() => format!("caused by {}\n", show(&cause)),
        Ok(_) => String::new(),
        Err(_) => {
            drop(exception());
            String::new()
        }
    };
    (show(error), stack + &cause)
}

fn property(error: &Value, name: crate::value::Atom) -> String {
    match error.get(name) {
        Ok(value) if value.is_string() => show(&value),
        Ok(_) => String::new(),
        Err(_) => {
            drop(exception());
            String::new()
        }
    }
}

/// Converts a value to a string. Never throws.
pub(crate) fn show(value: &Value) -> String {
    match value.to_text() {
        Ok(text) => text.string(),
        Err(_) => {
            drop(exception());
            "a value that cannot be converted to a string".to_owned()
        }
    }
}
