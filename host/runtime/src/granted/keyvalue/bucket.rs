//! Guest handles of key-value stores.

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::Resource;

use super::open_store::OpenStore;
use crate::state::State;

pub(super) type Ctx<'a> = StoreContextMut<'a, State>;

/// `store.bucket`.
pub(super) struct Bucket(pub(super) Arc<OpenStore>);

/// Returns the store of a guest's handle.
pub(super) fn of(
    mut store: Ctx<'_>,
    bucket: &Resource<Bucket>,
) -> wasmtime::Result<Arc<OpenStore>> {
    Ok(store.data_mut().table().get(bucket)?.0.clone())
}
