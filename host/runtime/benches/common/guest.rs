//! A guest component, its instances, and calls in each shape.

use crate::common::engine::State;
use crate::common::types::{
    Answer, Body, Content, Failure, Headers, Kind, Parts, Reply, Request, parse,
};
use wasmtime::component::{
    Component, ComponentExportIndex, InstancePre, Linker, Resource, TypedFunc,
};
use wasmtime::error::Context as _;
use wasmtime::{Engine, Result, Store, UpdateDeadline, bail, format_err};

/// The exported function of one shape.
#[expect(clippy::type_complexity, reason = "each spells its WIT signature out")]
enum Handle {
    Strings(TypedFunc<(u32, &'static str, &'static str), ((u16, String, String),)>),
    Record(TypedFunc<(Request,), (Result<Reply, Failure>,)>),
    Resource(TypedFunc<(Resource<Request>,), (Parts,)>),
    Tuple(TypedFunc<(u32, &'static str, Body), (Parts,)>),
    Blocking(TypedFunc<(u32, &'static str, Body), (Parts,)>),
    Kind(TypedFunc<(u32, &'static str, Kind, &'static str), ((u16, String, Kind, String),)>),
    Headers(TypedFunc<(u32, &'static str, Body), ((u16, Headers, Content),)>),
    Outcome(TypedFunc<(u32, &'static str, Body), (Result<Parts, String>,)>),
}

/// A compiled component of one shape.
pub(crate) struct Guest {
    pre: InstancePre<State>,
    handle: ComponentExportIndex,
    shape: String,
    wasi: bool,
    epochs: bool,
    /// True to call without a fiber.
    blocking: bool,
}

impl Guest {
    /// Compiles a component whose handler has the given shape.
    pub(crate) fn new(linker: &Linker<State>, shape: &str, component: &Component) -> Result<Self> {
        // An app has the handler of shape `tuple`.
        let name = match shape {
            "app" => "spikard:handler/handler@0.1.0".to_owned(),
            _ => format!("bench:shapes/{shape}-handler@0.1.0"),
        };
        let interface = component
            .get_export_index(None, &name)
            .with_context(|| format!("the component does not export `{name}`"))?;
        let handle = component
            .get_export_index(Some(&interface), "handle")
            .with_context(|| format!("`{name}` has no function `handle`"))?;
        let engine: &Engine = component.engine();
        let wasi = component
            .component_type()
            .imports(engine)
            .any(|(name, _)| name.starts_with("wasi:"));
        Ok(Self {
            pre: linker.instantiate_pre(component)?,
            handle,
            shape: shape.to_owned(),
            wasi,
            epochs: true,
            blocking: false,
        })
    }

    /// Returns the same guest for an engine without epochs.
    pub(crate) fn without_epochs(self) -> Self {
        Self {
            epochs: false,
            ..self
        }
    }

    /// Returns the same guest for calls without a fiber, which cannot yield.
    pub(crate) fn blocking(self) -> Self {
        Self {
            blocking: true,
            ..self
        }
    }

    /// Creates an instance in a new store.
    pub(crate) async fn instantiate(&self) -> Result<Instance> {
        let mut store = Store::new(self.pre.engine(), State::new(self.wasi));
        store.limiter(|state| &mut state.limits);
        if self.epochs && self.blocking {
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
        } else if self.epochs {
            store.epoch_deadline_callback(|_| {
                let next = Box::pin(tokio::task::yield_now());
                Ok(UpdateDeadline::YieldCustom(1, next))
            });
        }
        store.set_epoch_deadline(1);
        let instance = match self.blocking {
            true => self.pre.instantiate(&mut store)?,
            false => self.pre.instantiate_async(&mut store).await?,
        };
        let handle = instance
            .get_func(&mut store, self.handle)
            .ok_or_else(|| format_err!("`handle` is not a function"))?;
        let handle = match self.shape.as_str() {
            "strings" => Handle::Strings(handle.typed(&store)?),
            "record" => Handle::Record(handle.typed(&store)?),
            "resource" => Handle::Resource(handle.typed(&store)?),
            "tuple" | "app" if self.blocking => Handle::Blocking(handle.typed(&store)?),
            "tuple" | "app" => Handle::Tuple(handle.typed(&store)?),
            "kind" => Handle::Kind(handle.typed(&store)?),
            "headers" => Handle::Headers(handle.typed(&store)?),
            "outcome" => Handle::Outcome(handle.typed(&store)?),
            other => bail!("unknown shape `{other}`"),
        };
        Ok(Instance { store, handle })
    }
}

/// An instance that handles calls.
pub(crate) struct Instance {
    store: Store<State>,
    handle: Handle,
}

impl Instance {
    /// Calls the handler and reads as much of the reply as a host must.
    pub(crate) async fn call(&mut self, request: Request) -> Result<Answer> {
        let store = &mut self.store;
        let Request {
            route,
            params,
            body,
        } = request;
        let (status, headers, content) = match &self.handle {
            Handle::Strings(handle) => {
                let call = (route, params, body.text());
                let ((status, head, text),) = handle.call_async(store, call).await?;
                (status, parse(&head)?, Content::Json(text))
            }
            Handle::Record(handle) => match handle.call_async(store, (request,)).await?.0 {
                Ok(Reply {
                    status,
                    headers,
                    body,
                }) => (status, headers, body),
                Err(failure) => bail!("the guest failed: {failure:?}"),
            },
            Handle::Resource(handle) => {
                store.data_mut().request = request;
                let request = Resource::new_borrow(0);
                let ((status, head, content),) = handle.call_async(store, (request,)).await?;
                (status, parse(&head)?, content)
            }
            Handle::Tuple(handle) => {
                let call = (route, params, body);
                let ((status, head, content),) = handle.call_async(store, call).await?;
                (status, parse(&head)?, content)
            }
            Handle::Blocking(handle) => {
                let ((status, head, content),) = handle.call(store, (route, params, body))?;
                (status, parse(&head)?, content)
            }
            Handle::Kind(handle) => {
                let call = (route, params, body.kind(), body.text());
                let ((status, head, kind, text),) = handle.call_async(store, call).await?;
                let content = if let Kind::Json = kind {
                    Content::Json(text)
                } else {
                    Content::Empty
                };
                (status, parse(&head)?, content)
            }
            Handle::Headers(handle) => handle.call_async(store, (route, params, body)).await?.0,
            Handle::Outcome(handle) => {
                match handle.call_async(store, (route, params, body)).await?.0 {
                    Ok((status, head, content)) => (status, parse(&head)?, content),
                    Err(message) => bail!("the guest failed: {message}"),
                }
            }
        };
        let text = match content {
            Content::Json(text) | Content::Text(text) => text,
            Content::Bytes(bytes) => String::from_utf8(bytes)?,
            Content::Empty => bail!("the guest replied with no body"),
        };
        Ok(Answer {
            status,
            headers,
            text,
        })
    }
}
