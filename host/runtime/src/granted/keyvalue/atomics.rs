//! `wasi:keyvalue/atomics`: increment and compare-and-swap.

use std::sync::Arc;

use wasmtime::AsContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower, Resource, ResourceType};

use super::bucket::{Bucket, Ctx, of};
use super::model::StoreError;
use super::open_store::OpenStore;
use super::types::Error;
use super::types::wasi;
use crate::state::State;

/// Maximum total size of the values in an instance's `cas` handles, because they occupy host
/// memory. A single value may be larger.
const MAX_HELD: usize = 16 << 20;

/// `atomics.cas`: a key and its value at the time of the read.
struct Cas {
    store: Arc<OpenStore>,
    key: String,
    value: Option<Vec<u8>>,
}

/// `atomics.cas-error`.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum CasError {
    #[component(name = "store-error")]
    Store(Error),
    #[component(name = "cas-failed")]
    Failed(Resource<Cas>),
}

/// Adds the functions of a draft.
pub(super) fn add(
    atomics: &mut LinkerInstance<'_, State>,
    is_second: bool,
) -> wasmtime::Result<()> {
    if !is_second {
        type Add = (Resource<Bucket>, String, u64);
        return atomics.func_wrap_async("increment", |store, (bucket, key, delta): Add| {
            Box::new(async move {
                let Ok(delta) = i64::try_from(delta) else {
                    return Ok((Err(too_large()),));
                };
                let sum = of(store, &bucket)?.add(key, delta, true).await;
                Ok((wasi(sum.map(i64::cast_unsigned)),))
            })
        });
    }
    type Add = (Resource<Bucket>, String, i64);
    atomics.func_wrap_async("increment", |store, (bucket, key, delta): Add| {
        Box::new(async move { Ok((wasi(of(store, &bucket)?.add(key, delta, false).await),)) })
    })?;
    atomics.resource("cas", ResourceType::host::<Cas>(), |mut store, rep| {
        take(&mut store, Resource::<Cas>::new_own(rep)).map(drop)
    })?;
    type New = (Resource<Bucket>, String);
    atomics.func_wrap_async(
        "[static]cas.new",
        |mut store: Ctx<'_>, (bucket, key): New| {
            Box::new(async move {
                let opened = of(store.as_context_mut(), &bucket)?;
                let value = match opened.get(&key).await {
                    Ok(value) => value,
                    Err(error) => return Ok((Err(error.into()),)),
                };
                let cas = Cas {
                    store: opened,
                    key,
                    value,
                };
                Ok((hold(&mut store, cas),))
            })
        },
    )?;
    atomics.func_wrap(
        "[method]cas.current",
        |mut store: Ctx<'_>, (cas,): (Resource<Cas>,)| {
            let value = store.data_mut().table().get(&cas)?.value.clone();
            Ok((Ok::<_, Error>(value),))
        },
    )?;
    type Swap = (Resource<Cas>, Vec<u8>);
    atomics.func_wrap_async("swap", |mut store: Ctx<'_>, (cas, value): Swap| {
        Box::new(async move {
            let cas = take(&mut store, cas)?;
            Ok((swap(&mut store, cas, value).await,))
        })
    })
}

async fn swap(store: &mut Ctx<'_>, cas: Cas, value: Vec<u8>) -> Result<(), CasError> {
    let failed = |error: StoreError| CasError::Store(error.into());
    let swapped = cas.store.swap(&cas.key, cas.value, value).await;
    if swapped.map_err(failed)? {
        return Ok(());
    }
    let value = cas.store.get(&cas.key).await.map_err(failed)?;
    let cas = Cas {
        value,
        ..cas_of(cas.store, cas.key)
    };
    Err(hold(store, cas).map_or_else(CasError::Store, CasError::Failed))
}

fn cas_of(store: Arc<OpenStore>, key: String) -> Cas {
    Cas {
        store,
        key,
        value: None,
    }
}

/// Creates a handle for the guest.
fn hold(store: &mut Ctx<'_>, cas: Cas) -> Result<Resource<Cas>, Error> {
    let state = store.data_mut();
    let (size, held) = (size(&cas), state.held());
    // A single value is limited by `keyvalue_value` only.
    if *held != 0 && held.saturating_add(size) > MAX_HELD {
        return Err(Error::Other(format!(
            "the `cas` handles of the instance hold more than {MAX_HELD} bytes; drop some"
        )));
    }
    let handle = state.table().push(cas);
    let handle =
        handle.map_err(|_| Error::Other("the instance holds too many handles".to_owned()))?;
    *state.held() += size;
    Ok(handle)
}

/// Removes a handle of the guest.
fn take(store: &mut Ctx<'_>, cas: Resource<Cas>) -> wasmtime::Result<Cas> {
    let state = store.data_mut();
    let cas = state.table().delete(cas)?;
    let held = state.held();
    *held = held.saturating_sub(size(&cas));
    Ok(cas)
}

fn size(cas: &Cas) -> usize {
    cas.key.len() + cas.value.as_ref().map_or(0, Vec::len)
}

fn too_large() -> Error {
    Error::Other(format!("the delta is larger than {}", i64::MAX))
}
