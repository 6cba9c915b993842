//! Calls of the WIT interfaces `definition` and `handler`, and the types of the values that
//! cross the guest boundary.

use spikard_wasm_app::{Body, Call, Description, Method, RouteDescription};
use wasmtime::component::{ComponentExportIndex, ComponentType, Lift, Lower, TypedFunc};

use crate::instance::Instance;
use crate::marked::{First, Last};
use crate::reply::Content;
use crate::stages::{Stages, Stamp};

/// `types.body`, borrowed while it is lowered.
#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum BodyParam<'a> {
    #[component(name = "empty")]
    Empty,
    #[component(name = "json")]
    Json(&'a str),
    #[component(name = "text")]
    Text(&'a str),
    #[component(name = "form")]
    Form(&'a str),
    #[component(name = "bytes")]
    Bytes(&'a [u8]),
}

pub(crate) type HandleParams<'a> = (u32, &'a str, Last<'a, BodyParam<'a>>);
pub(crate) type HandleResult = (First<(u16, String, Content)>,);
pub(crate) type DescribeResult = (Result<DescriptionResult, String>,);

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct DescriptionResult {
    name: String,
    version: String,
    routes: Vec<RouteResult>,
    settings: String,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct RouteResult {
    method: MethodResult,
    path: String,
    name: String,
    parameters: String,
    body: String,
    replies: String,
    settings: String,
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
// Lifting makes its values from their number, which the compiler does not see.
#[allow(dead_code)]
pub(crate) enum MethodResult {
    #[component(name = "get")]
    Get,
    #[component(name = "head")]
    Head,
    #[component(name = "post")]
    Post,
    #[component(name = "put")]
    Put,
    #[component(name = "patch")]
    Patch,
    #[component(name = "delete")]
    Delete,
    #[component(name = "options")]
    Options,
    #[component(name = "trace")]
    Trace,
}

impl From<DescriptionResult> for Description {
    fn from(result: DescriptionResult) -> Self {
        Self {
            name: result.name,
            version: result.version,
            routes: result.routes.into_iter().map(Into::into).collect(),
            settings: result.settings,
        }
    }
}

impl From<RouteResult> for RouteDescription {
    fn from(result: RouteResult) -> Self {
        Self {
            method: match result.method {
                MethodResult::Get => Method::Get,
                MethodResult::Head => Method::Head,
                MethodResult::Post => Method::Post,
                MethodResult::Put => Method::Put,
                MethodResult::Patch => Method::Patch,
                MethodResult::Delete => Method::Delete,
                MethodResult::Options => Method::Options,
                MethodResult::Trace => Method::Trace,
            },
            path: result.path,
            name: result.name,
            parameters: result.parameters,
            body: result.body,
            replies: result.replies,
            settings: result.settings,
        }
    }
}

impl Instance {
    /// Calls `definition.describe`.
    pub(crate) async fn describe(
        &mut self,
        index: &ComponentExportIndex,
    ) -> wasmtime::Result<Result<DescriptionResult, String>> {
        let describe = self.func(index)?;
        let describe = describe.typed::<(), DescribeResult>(&self.store)?;
        let (result,) = describe.call_async(&mut self.store, ()).await?;
        Ok(result)
    }

    /// Calls `handler.handle`. Returns the reply and the time at which the guest returned. After an
    /// error the instance is unusable: drop its store.
    pub(crate) async fn handle(
        &mut self,
        call: &Call,
        stages: &Stages,
    ) -> wasmtime::Result<((u16, String, Content), Stamp)> {
        let body = match &call.body {
            Body::Empty => BodyParam::Empty,
            Body::Json(text) => BodyParam::Json(text),
            Body::Text(text) => BodyParam::Text(text),
            Body::Form(text) => BodyParam::Form(text),
            Body::Bytes(bytes) => BodyParam::Bytes(bytes),
        };
        let body = Last {
            value: body,
            stages,
        };
        // SAFETY: `Loaded` checks the export's type against these very types once,
        // and every instance of a component has the same types; doing it again on
        // each call would cost a tenth of the call.
        #[allow(unsafe_code)]
        let handle =
            unsafe { TypedFunc::<HandleParams<'_>, HandleResult>::new_unchecked(self.handle) };
        let params = (call.route, call.params.as_str(), body);
        let (First { value, returned },) = handle.call_async(&mut self.store, params).await?;
        Ok((value, returned))
    }
}
