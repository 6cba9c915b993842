//! Host functions of the package `spikard:handler`.

use spikard_wasm_app::cookies;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance};

use crate::current::Failure;
use crate::names;
use crate::operations::io;
use crate::request::Request;
use crate::state::State;

/// Adds the interfaces of the package to a linker.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut request = linker.instance(names::REQUEST)?;
    add_text(&mut request, "method", |r| r.method().to_owned())?;
    add_text(&mut request, "path", |r| r.path().to_owned())?;
    add_text(&mut request, "query", |r| r.query().to_owned())?;
    add_text(&mut request, "peer", |r| r.peer())?;
    add_text(&mut request, "id", |r| r.id())?;
    request.func_wrap("header", |store: Store<'_>, (name,): (String,)| {
        Ok((store.data().request().and_then(|r| header(r, &name)),))
    })?;
    request.func_wrap("headers", |store: Store<'_>, (): ()| {
        let mut all: Vec<(String, Vec<u8>)> = Vec::new();
        if let Some(request) = store.data().request() {
            request.headers(&mut |name, value| all.push((name.to_owned(), value.to_vec())));
        }
        Ok((all,))
    })?;
    request.func_wrap("cookie", |store: Store<'_>, (name,): (String,)| {
        let found = all_cookies(&store).into_iter().find(|(n, _)| *n == name);
        Ok((found.map(|(_, value)| value),))
    })?;
    request.func_wrap("cookies", |store: Store<'_>, (): ()| {
        Ok((all_cookies(&store),))
    })?;
    request.func_wrap("raw-body", |store: Store<'_>, (): ()| {
        let body = store.data().request().map(|r| r.raw_body().to_vec());
        Ok((body.unwrap_or_default(),))
    })?;
    request.func_wrap("file", |store: Store<'_>, (part,): (u32,)| {
        let file = store.data().request().and_then(|r| r.file(part));
        Ok((file.map(|bytes| bytes.to_vec()),))
    })?;
    add_contexts(linker)?;
    io::add_to_linker(linker)?;
    let mut reply = linker.instance(names::REPLY)?;
    reply.func_wrap("body", |store: Store<'_>, (): ()| {
        Ok((store.data().reply(),))
    })?;
    let mut failure = linker.instance(names::FAILURE)?;
    failure.func_wrap(
        "report",
        |mut store: Store<'_>, (message, detail): (String, String)| {
            let failure = Failure::reported(message, detail);
            store.data_mut().report(failure);
            Ok(())
        },
    )
}

fn add_contexts(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut local = linker.instance(names::LOCAL)?;
    local.func_wrap("get", |store: Store<'_>, (key,): (String,)| {
        Ok((store.data().request().and_then(|r| r.local().get(&key)),))
    })?;
    local.func_wrap(
        "set",
        |store: Store<'_>, (key, value): (String, Option<String>)| {
            let set = match store.data().request() {
                Some(request) => request.local().set(key, value),
                None => Err("there is no request in progress".to_owned()),
            };
            Ok((set,))
        },
    )?;
    let mut global = linker.instance(names::GLOBAL)?;
    global.func_wrap("get", |store: Store<'_>, (key,): (String,)| {
        Ok((store.data().global().get(&key),))
    })?;
    global.func_wrap(
        "set",
        |store: Store<'_>, (key, value): (String, Option<String>)| {
            Ok((store.data().global().set(key, value),))
        },
    )?;
    type Swap = (String, Option<String>, Option<String>);
    global.func_wrap("swap", |store: Store<'_>, (key, expected, value): Swap| {
        let global = store.data().global();
        Ok((global.swap(key, expected.as_deref(), value),))
    })?;
    global.func_wrap("add", |store: Store<'_>, (key, delta): (String, i64)| {
        Ok((store.data().global().add(key, delta),))
    })
}

type Store<'a> = StoreContextMut<'a, State>;

/// Adds a function that returns a text of the request.
fn add_text(
    interface: &mut LinkerInstance<'_, State>,
    name: &str,
    read: impl Fn(&dyn Request) -> String + Send + Sync + 'static,
) -> wasmtime::Result<()> {
    interface.func_wrap(name, move |store: Store<'_>, (): ()| {
        Ok((store.data().request().map(&read).unwrap_or_default(),))
    })
}

/// Returns a header by its case-insensitive name, with several fields joined.
fn header(request: &dyn Request, name: &str) -> Option<String> {
    let separator = if name.eq_ignore_ascii_case("cookie") {
        "; "
    } else {
        ", "
    };
    let mut joined: Option<String> = None;
    request.headers(&mut |found, value| {
        if !found.eq_ignore_ascii_case(name) {
            return;
        }
        match &mut joined {
            None => joined = Some(latin1_or_utf8(value)),
            Some(all) => {
                all.push_str(separator);
                all.push_str(&latin1_or_utf8(value));
            }
        }
    });
    joined
}

fn all_cookies(store: &Store<'_>) -> Vec<(String, String)> {
    let Some(request) = store.data().request() else {
        return Vec::new();
    };
    let field = header(request, "cookie").unwrap_or_default();
    cookies(&field)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Decodes a header value as UTF-8, or as Latin-1 if it is not valid UTF-8.
fn latin1_or_utf8(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}
