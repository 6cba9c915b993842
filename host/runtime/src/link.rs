//! Linker: provides a component's imports from `spikard:handler`, WASI and its grants.

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::error::LoadError;
use crate::granted;
use crate::imports;
use crate::state::State;
use crate::world::Interfaces;

/// Links a component with its imports.
///
/// # Errors
/// The type of an import differs from the type of the host's interface.
pub(crate) fn link(
    name: &str,
    engine: &Engine,
    interfaces: &Interfaces,
    component: &Component,
) -> Result<InstancePre<State>, LoadError> {
    let link = || -> wasmtime::Result<InstancePre<State>> {
        let mut linker = Linker::new(engine);
        imports::add_to_linker(&mut linker)?;
        if interfaces.imports_wasi("0.2.") {
            wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        }
        granted::add_to_linker(&mut linker, interfaces, component)?;
        if interfaces.imports_http("0.2.") {
            wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        }
        if interfaces.imports_wasi("0.3.") {
            wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        }
        if interfaces.imports_http("0.3.") {
            wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        }
        linker.instantiate_pre(component)
    };
    link().map_err(|error| LoadError::Link(name.to_owned(), format!("{error:#}")))
}
