//! `wasi:config`: the operator's settings for an app.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower};

use crate::state::State;

/// `store.error`. Reading settings from memory never fails.
#[derive(Debug, ComponentType, Lift, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "upstream")]
    #[allow(dead_code)]
    Upstream(String),
    #[component(name = "io")]
    #[allow(dead_code)]
    Io(String),
}

/// Adds the functions of the interface.
pub(super) fn add(store: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    store.func_wrap(
        "get",
        |store: StoreContextMut<'_, State>, (key,): (String,)| {
            let config = store.data().grants().config.as_ref();
            let value = config.and_then(|config| config.get(&key)).cloned();
            Ok((Ok::<_, Error>(value),))
        },
    )?;
    store.func_wrap("get-all", |store: StoreContextMut<'_, State>, (): ()| {
        let config = store.data().grants().config.iter().flatten();
        let all = config.map(|(key, value)| (key.clone(), value.clone()));
        Ok((Ok::<_, Error>(all.collect::<Vec<_>>()),))
    })
}
