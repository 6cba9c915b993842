//! What a component may import where it is granted: settings, the log, stores of keys
//! and values. The functions are written by hand, as those of the host's own package are:
//! drafts of an interface then share what they have in common.

mod config;
pub(crate) mod keyvalue;
mod logging;

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::instance::State;
use crate::world::Interfaces;

/// `wasi:config`, in all its drafts, which have the same functions.
pub(crate) const CONFIG: [&str; 4] = [
    "wasi:config/store@0.2.0-rc.1",
    "wasi:config/store@0.2.0-draft",
    "wasi:config/store@0.2.0-draft-2024-09-27",
    "wasi:config/runtime@0.2.0-draft",
];

/// `wasi:keyvalue`, in both its drafts.
pub(crate) const KEYVALUE: [&str; 6] = [
    "wasi:keyvalue/store@0.2.0-draft",
    "wasi:keyvalue/atomics@0.2.0-draft",
    "wasi:keyvalue/batch@0.2.0-draft",
    "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/batch@0.2.0-draft2",
];

/// `wasi:logging`, with and without a version.
pub(crate) const LOGGING: [&str; 2] = ["wasi:logging/logging", "wasi:logging/logging@0.1.0-draft"];

/// Adds what a component imports of them to a linker.
pub(crate) fn add_to_linker(
    linker: &mut Linker<State>,
    interfaces: &Interfaces,
    component: &Component,
) -> wasmtime::Result<()> {
    let is_imported = |name: &str| interfaces.imports.iter().any(|import| import == name);
    for name in CONFIG.into_iter().filter(|name| is_imported(name)) {
        config::add(&mut linker.instance(name)?)?;
    }
    for name in LOGGING.into_iter().filter(|name| is_imported(name)) {
        logging::add(&mut linker.instance(name)?)?;
    }
    for name in KEYVALUE.into_iter().filter(|name| is_imported(name)) {
        keyvalue::add(linker, name, component)?;
    }
    Ok(())
}

/// Whether a component imports functions of an interface, rather than types alone.
pub(crate) fn imports_functions(component: &Component, engine: &Engine, name: &str) -> bool {
    let ty = component.component_type();
    let import = ty.imports(engine).find(|(import, _)| *import == name);
    match import.map(|(_, item)| item.ty) {
        Some(ComponentItem::ComponentInstance(instance)) => instance
            .exports(engine)
            .any(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_))),
        Some(_) => true,
        None => false,
    }
}
