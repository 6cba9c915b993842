//! `wasi:keyvalue`: key-value stores of an app.
//!
//! The host supports two drafts. The first has numeric cursors and unsigned increments; the
//! second has text cursors, signed increments and compare-and-swap.

mod atomics;
mod bucket;
mod file;
mod model;
mod open_store;
mod redis;
pub(crate) mod stores;
mod types;

use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceType};

use self::bucket::{Bucket, Ctx, of};
pub(crate) use self::model::{Cursor, StoreError};
pub(crate) use self::open_store::OpenStore;
use self::types::{Error, Keys, Keys2, wasi};
use crate::state::State;

/// Adds an interface of `wasi:keyvalue` to a linker.
pub(super) fn add(
    linker: &mut Linker<State>,
    name: &str,
    component: &Component,
) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    let is_second = name.ends_with("-draft2");
    let has_pairs = gives_pairs(component, &engine, name);
    let mut interface = linker.instance(name)?;
    if name.contains("/store@") {
        add_store(&mut interface, is_second)
    } else if name.contains("/atomics@") {
        atomics::add(&mut interface, is_second)
    } else {
        add_batch(&mut interface, has_pairs)
    }
}

/// Returns true if `get-many` returns every key with an optional value. The first draft and the
/// first version of the second return an optional pair for each key instead.
fn gives_pairs(component: &Component, engine: &wasmtime::Engine, name: &str) -> bool {
    let ty = component.component_type();
    let import = ty.imports(engine).find(|(import, _)| *import == name);
    let Some(ComponentItem::ComponentInstance(batch)) = import.map(|(_, item)| item.ty) else {
        return false;
    };
    let function = batch.exports(engine).find(|(name, _)| *name == "get-many");
    let Some(ComponentItem::ComponentFunc(function)) = function.map(|(_, item)| item.ty) else {
        return false;
    };
    let given = match function.results().next() {
        Some(Type::Result(result)) => result.ok(),
        _ => None,
    };
    matches!(given, Some(Type::List(list)) if matches!(list.ty(), Type::Tuple(_)))
}

fn add_store(store: &mut LinkerInstance<'_, State>, is_second: bool) -> wasmtime::Result<()> {
    store.resource(
        "bucket",
        ResourceType::host::<Bucket>(),
        |mut store, rep| {
            let bucket = Resource::<Bucket>::new_own(rep);
            store.data_mut().table().delete(bucket)?;
            Ok(())
        },
    )?;
    store.func_wrap("open", |mut store: Ctx<'_>, (name,): (String,)| {
        Ok((open(&mut store, &name),))
    })?;
    type OneKey = (Resource<Bucket>, String);
    store.func_wrap_async("[method]bucket.get", |store, (bucket, key): OneKey| {
        Box::new(async move { Ok((wasi(of(store, &bucket)?.get(&key).await),)) })
    })?;
    type Set = (Resource<Bucket>, String, Vec<u8>);
    store.func_wrap_async("[method]bucket.set", |store, (bucket, key, value): Set| {
        Box::new(async move { Ok((wasi(of(store, &bucket)?.set(vec![(key, value)]).await),)) })
    })?;
    store.func_wrap_async("[method]bucket.delete", |store, (bucket, key): OneKey| {
        Box::new(async move { Ok((wasi(of(store, &bucket)?.delete(vec![key]).await),)) })
    })?;
    store.func_wrap_async("[method]bucket.exists", |store, (bucket, key): OneKey| {
        Box::new(async move { Ok((wasi(of(store, &bucket)?.exists(&key).await),)) })
    })?;
    let list = "[method]bucket.list-keys";
    if is_second {
        type List = (Resource<Bucket>, Option<String>);
        return store.func_wrap_async(list, |store, (bucket, cursor): List| {
            Box::new(async move {
                let page = of(store, &bucket)?
                    .list(Cursor::Text(cursor.unwrap_or_default()))
                    .await;
                Ok((wasi(page.map(Keys2::from)),))
            })
        });
    }
    type List = (Resource<Bucket>, Option<u64>);
    store.func_wrap_async(list, |store, (bucket, cursor): List| {
        Box::new(async move {
            let page = of(store, &bucket)?
                .list(Cursor::Number(cursor.unwrap_or(0)))
                .await;
            Ok((wasi(page.map(Keys::from)),))
        })
    })
}

fn add_batch(batch: &mut LinkerInstance<'_, State>, has_pairs: bool) -> wasmtime::Result<()> {
    type Many = (Resource<Bucket>, Vec<String>);
    if has_pairs {
        batch.func_wrap_async("get-many", |store, (bucket, keys): Many| {
            Box::new(async move {
                let values = of(store, &bucket)?.get_many(&keys).await;
                let pairs = values.map(|all| keys.into_iter().zip(all).collect::<Vec<_>>());
                Ok((wasi(pairs),))
            })
        })?;
    } else {
        batch.func_wrap_async("get-many", |store, (bucket, keys): Many| {
            Box::new(async move {
                let values = of(store, &bucket)?.get_many(&keys).await;
                let pair = |(key, value): (String, Option<Vec<u8>>)| value.map(|it| (key, it));
                let pairs =
                    values.map(|all| keys.into_iter().zip(all).map(pair).collect::<Vec<_>>());
                Ok((wasi(pairs),))
            })
        })?;
    }
    type Set = (Resource<Bucket>, Vec<(String, Vec<u8>)>);
    batch.func_wrap_async("set-many", |store, (bucket, pairs): Set| {
        Box::new(async move { Ok((wasi(of(store, &bucket)?.set(pairs).await),)) })
    })?;
    batch.func_wrap_async("delete-many", |store, (bucket, keys): Many| {
        Box::new(async move { Ok((wasi(of(store, &bucket)?.delete(keys).await),)) })
    })
}

fn open(store: &mut Ctx<'_>, name: &str) -> Result<Resource<Bucket>, Error> {
    let state = store.data_mut();
    let Some(opened) = state.stores().find(name).cloned() else {
        tracing::warn!(
            component = state.component(),
            store = %spikard_wasm_app::one_line(&name[..name.floor_char_boundary(256)]),
            "access to a store denied; it is not granted"
        );
        return Err(Error::AccessDenied);
    };
    let bucket = state.table().push(Bucket(opened));
    bucket.map_err(|_| Error::Other("the instance holds too many handles".to_owned()))
}
