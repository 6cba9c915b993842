//! Calls of the `wasi:http` exports: `incoming-handler` of 0.2 and `handler` of 0.3.

use std::sync::Arc;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http_body::Body;
use tokio::sync::oneshot;
use wasmtime::component::{Accessor, Func, Resource, TypedFunc};
use wasmtime_wasi_http::p2::bindings::http::types as p2;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{FieldMap, WasiBody, WasiHttpView};

use crate::http::{GuestBody, Head, HttpCall};
use crate::instance::Instance;
use crate::state::State;

pub(crate) type ProxyParams = (
    Resource<HostIncomingRequest>,
    Resource<HostResponseOutparam>,
);

/// Checks the type of the export; calls rely on it.
pub(crate) fn check_proxy(instance: &mut Instance) -> wasmtime::Result<()> {
    let handle = instance.handle.typed::<ProxyParams, ()>(&instance.store);
    handle.map(drop)
}

impl Instance {
    /// Creates the guest's resources for a request of `wasi:http` 0.2.
    pub(crate) fn prepare_proxy<B>(
        &mut self,
        request: http::Request<GuestBody<B>>,
        call: &Arc<HttpCall>,
    ) -> wasmtime::Result<ProxyParams>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Send + Unpin + 'static,
    {
        let scheme = match *call.scheme() == Scheme::HTTPS {
            true => p2::Scheme::Https,
            false => p2::Scheme::Http,
        };
        let mut view = self.store.data_mut().http();
        let request = view.new_incoming_request(scheme, request)?;
        let call = call.clone();
        let answer = move |head: Result<_, _>| {
            call.set_head(head.map_err(|code| format!("{code:?}")));
        };
        let outparam = view.new_response_outparam_from_callback(answer)?;
        Ok((request, outparam))
    }

    /// Calls `incoming-handler.handle`. After an error the instance is unusable: drop its store.
    pub(crate) async fn proxy(&mut self, params: ProxyParams) -> wasmtime::Result<()> {
        // SAFETY: `check_proxy` checks the type of the export once, and every instance
        // of a component has the same types.
        #[allow(unsafe_code)]
        let handle = unsafe { TypedFunc::<ProxyParams, ()>::new_unchecked(self.handle) };
        handle.call_async(&mut self.store, params).await
    }
}

type ServiceParams = (Resource<Request>,);
type ServiceResults = (Result<Resource<Response>, ErrorCode>,);

/// Checks the type of the export; calls rely on it.
pub(crate) fn check_service(instance: &mut Instance) -> wasmtime::Result<()> {
    let handle = instance
        .handle
        .typed::<ServiceParams, ServiceResults>(&instance.store);
    handle.map(drop)
}

/// Runs the guest's handler for one request. After an error the instance is unusable.
pub(crate) async fn answer(
    accessor: &Accessor<State>,
    handle: Func,
    request: http::Request<WasiBody>,
    call: Arc<HttpCall>,
    reply: oneshot::Sender<Head>,
) -> wasmtime::Result<()> {
    let (parts, body) = request.into_parts();
    let authority = match parts.uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => {
            let host = parts.headers.get(http::header::HOST);
            host.and_then(|host| Authority::try_from(host.as_bytes()).ok())
        }
    };
    let (request, sent) = accessor.with(|mut store| {
        let state: &mut State = store.data_mut();
        state.serves(call.depth());
        let view = state.http();
        let (request, sent) = Request::new(
            parts.method,
            Some(call.scheme().clone()),
            authority,
            parts.uri.into_parts().path_and_query,
            FieldMap::new_immutable(view.hooks, parts.headers),
            None,
            body,
        );
        wasmtime::error::Ok((view.table.push(request)?, sent))
    })?;
    // SAFETY: `check_service` checks the type of the export once, and every instance of a
    // component has the same types.
    #[allow(unsafe_code)]
    let handle = unsafe { TypedFunc::<ServiceParams, ServiceResults>::new_unchecked(handle) };
    let (result,) = handle.call_concurrent(accessor, (request,)).await?;
    let head = match result {
        Err(code) => Err(format!("{code:?}")),
        Ok(response) => Ok(accessor.with(|mut store| {
            let response = store.data_mut().http().table.delete(response)?;
            response.into_http(&mut store, sent)
        })?),
    };
    call.mark_answered();
    // The send fails if the request was cancelled; the reply is dropped then.
    let _ = reply.send(head);
    Ok(())
}
