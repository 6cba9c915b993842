//! Modules of an app that is loaded without a bundler, and how their imports resolve.
//!
//! The tool that builds a component names each module and resolves each relative import, so that the engine needs no
//! file system and the stack of an error has the names and the lines of the app's files.

use core::ffi::{CStr, c_char, c_void};

use rquickjs_sys as qjs;

use crate::start::names_streams;
use crate::state::state;
use crate::value::{JSContext, Value, context, throw_error};

/// A module that no import has needed yet.
struct Module {
    name: Vec<u8>,
    /// Ends with a zero byte.
    source: Vec<u8>,
}

/// An import of `specifier` in the module `referrer`.
struct Link {
    referrer: Vec<u8>,
    specifier: Vec<u8>,
    name: Vec<u8>,
}

/// The modules of an app.
#[derive(Default)]
pub(crate) struct Modules {
    modules: Vec<Module>,
    links: Vec<Link>,
    /// The name of the main module of the app, which is added first.
    pub(crate) main: Option<Vec<u8>>,
    /// Whether a module names a global of the module of streams.
    pub(crate) use_streams: bool,
}

impl Modules {
    pub(crate) fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// Adds the module in a text of its name, a zero byte and its source.
    pub(crate) fn add(&mut self, text: &[u8]) {
        let Some((name, source)) = split(text) else {
            return;
        };
        self.use_streams |= names_streams(source);
        let mut source = source.to_vec();
        source.push(0);
        let name = name.to_vec();
        self.main.get_or_insert_with(|| name.clone());
        self.modules.push(Module { name, source });
    }

    /// Adds the import in a text of a module's name, the specifier and the name of the imported module, with zero bytes
    /// between them.
    pub(crate) fn link(&mut self, text: &[u8]) {
        let Some((referrer, rest)) = split(text) else {
            return;
        };
        if let Some((specifier, name)) = split(rest) {
            let [referrer, specifier, name] = [referrer, specifier, name].map(<[u8]>::to_vec);
            self.links.push(Link {
                referrer,
                specifier,
                name,
            });
        }
    }

    fn resolve<'a>(&'a self, referrer: &CStr, specifier: &'a CStr) -> &'a [u8] {
        let link = self.links.iter().find(|link| {
            link.referrer == referrer.to_bytes() && link.specifier == specifier.to_bytes()
        });
        link.map_or(specifier.to_bytes(), |link| &link.name)
    }

    /// Removes a module and returns its source. QuickJS asks for a module once.
    fn take(&mut self, name: &CStr) -> Option<Vec<u8>> {
        let is_it = |module: &Module| module.name == name.to_bytes();
        let at = self.modules.iter().position(is_it)?;
        Some(self.modules.swap_remove(at).source)
    }
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(0, text)?;
    Some((&text[..at], &text[at + 1..]))
}

/// Returns the name of an imported module, as QuickJS frees it.
pub(crate) unsafe extern "C" fn normalize(
    context: *mut JSContext,
    referrer: *const c_char,
    specifier: *const c_char,
    _: *mut c_void,
) -> *mut c_char {
    // SAFETY: QuickJS passes two names.
    unsafe {
        let [referrer, specifier] = [CStr::from_ptr(referrer), CStr::from_ptr(specifier)];
        let name = state().modules.resolve(referrer, specifier);
        qjs::js_strndup(context, name.as_ptr().cast(), name.len() as _)
    }
}

/// Compiles an imported module, or throws the error for a module that does not exist.
pub(crate) unsafe extern "C" fn load(
    _: *mut JSContext,
    name: *const c_char,
    _: *mut c_void,
) -> *mut qjs::JSModuleDef {
    // SAFETY: QuickJS passes a name.
    let name = unsafe { CStr::from_ptr(name) };
    let Some(source) = state().modules.take(name) else {
        let name = name.to_string_lossy();
        throw_error(&format!(
            "the app imports `{name}`, which a component on QuickJS does not have: bundle the module, or use the \
             interfaces in `spikard:handler`"
        ));
        return core::ptr::null_mut();
    };
    let kind = qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    // SAFETY: the source ends with a zero byte. The runtime owns a module, so the reference can go.
    unsafe {
        let size = source.len() - 1;
        let code = source.as_ptr().cast();
        let module = qjs::JS_Eval(context(), code, size as _, name.as_ptr(), kind as i32);
        match Value::result(module) {
            Ok(module) => qjs::JS_VALUE_GET_PTR(module.raw()).cast(),
            Err(_) => core::ptr::null_mut(),
        }
    }
}
