//! A request's way through the host. This file alone knows the order of the rooms;
//! each takes one type and returns the next, and a request may leave from any of
//! them with a [`Refusal`].

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, EXPECT};
use hyper::http::request::Parts;
use hyper::{Method, Request, Version};
use spikard_wasm_app::{App, Body, BodyPlan, Call, FilePart, Hit, Refusal, Route};
use spikard_wasm_runtime::{CallError, Pool};

use crate::access::Access;
use crate::body::RequestBody;
use crate::docs::Docs;
use crate::multipart;
use crate::request::{Head, InFlight, RequestId};
use crate::response::{self, HttpResponse};
use crate::settings::Settings;

/// What the requests of one worker share.
pub(crate) struct Pipeline {
    app: Arc<App>,
    pool: Pool,
    body_timeout: Duration,
    docs: Option<Arc<Docs>>,
}

/// What the router made of a request.
enum Matched<'a> {
    /// A route with its index, and its parameters or what is wrong with them.
    Route(u32, &'a Route, Result<String, Refusal>),
    /// A reply the router gives itself.
    Reply(HttpResponse),
}

impl Pipeline {
    pub(crate) fn new(app: Arc<App>, pool: Pool, settings: &Settings) -> Self {
        Self {
            app,
            pool,
            body_timeout: settings.body_timeout,
            docs: settings.docs.clone(),
        }
    }

    /// Answers a request. A panic in here, which is a defect of the host, ends
    /// this request alone.
    pub(crate) async fn respond(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> HttpResponse {
        let id = RequestId::next();
        let (parts, incoming) = request.into_parts();
        let is_head = parts.method == Method::HEAD;
        let is_http1 = parts.version < Version::HTTP_2;
        let mut body = RequestBody::new(incoming, parts.headers.contains_key(EXPECT));
        let access = Access::begin(&parts.method, &parts.uri, id);
        let mut route = None;
        let answer = self.answer(parts, &mut body, peer, id, &mut route);
        let answer = AssertUnwindSafe(answer).catch_unwind();
        let answer = answer.await.unwrap_or_else(|_| {
            tracing::error!(request = %id, "the host itself failed; this is a defect of spikard-wasm");
            Err(Refusal::Failed)
        });
        let response = answer.unwrap_or_else(response::of_refusal);
        let response = if is_head {
            response::without_body(response)
        } else {
            response
        };
        let response = if is_http1 && !body.discard().await {
            response::closing(response)
        } else {
            response
        };
        access.end(route.map(Route::name), &response);
        response
    }

    async fn answer<'a>(
        &'a self,
        parts: Parts,
        body: &mut RequestBody,
        peer: SocketAddr,
        id: RequestId,
        matched: &mut Option<&'a Route>,
    ) -> Result<HttpResponse, Refusal> {
        let (index, route, params) = match self.route(&parts)? {
            Matched::Reply(response) => return Ok(response),
            Matched::Route(index, route, params) => (index, route, params),
        };
        *matched = Some(route);
        let content_type = parts
            .headers
            .get(CONTENT_TYPE)
            .map(|value| value.as_bytes());
        let plan = match route.body().plan(content_type) {
            // What type nothing is does not matter.
            Err(_) if body.has_ended() => route.body().plan(None)?,
            plan => plan?,
        };
        let bytes = body.read(route.body_limit(), self.body_timeout).await?;
        let checked = self.check_body(&plan, content_type, &bytes).await;
        let (params, (body, files)) = both(params, checked)?;
        let call = Call {
            route: index,
            params,
            body,
        };
        let in_flight = InFlight {
            parts,
            peer,
            id,
            body: bytes,
            files,
        };
        let reply = self
            .pool
            .call(&call, Box::new(in_flight), route.timeout())
            .await;
        reply
            .and_then(response::of_reply)
            .map_err(|error| refuse(&error, id, route))
    }

    fn route(&self, parts: &Parts) -> Result<Matched<'_>, Refusal> {
        let path = parts.uri.path();
        let found = self.app.find(parts.method.as_str(), path, |hit| match hit {
            Hit::Route {
                index,
                route,
                values,
            } => Matched::Route(index, route, route.read_params(&values, &Head(parts))),
            Hit::Options { allow } => Matched::Reply(response::of_options(allow)),
        });
        match (&self.docs, found) {
            (Some(docs), Err(Refusal::NotFound)) => docs.answer(parts).map(Matched::Reply),
            (_, found) => found,
        }
    }

    async fn check_body(
        &self,
        plan: &BodyPlan<'_>,
        content_type: Option<&[u8]>,
        bytes: &Bytes,
    ) -> Result<(Body, Vec<FilePart>), Refusal> {
        if !plan.is_multipart() || bytes.is_empty() {
            return Ok((plan.read(bytes.clone())?, Vec::new()));
        }
        let form = multipart::read(content_type.unwrap_or_default(), bytes.clone()).await?;
        plan.read_form(form)
    }
}

/// Both results, or every error of both: a client is told all that is wrong with
/// its request at once.
fn both<A, B>(first: Result<A, Refusal>, second: Result<B, Refusal>) -> Result<(A, B), Refusal> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(Refusal::Invalid(mut errors)), Err(Refusal::Invalid(more))) => {
            errors.extend(more);
            Err(Refusal::Invalid(errors))
        }
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
    }
}

/// Writes into the log why a call has no reply, and says what the client gets.
fn refuse(error: &CallError, id: RequestId, route: &Route) -> Refusal {
    let route = route.name();
    match error {
        CallError::Failure { message, detail } => {
            tracing::error!(request = %id, route, %detail, "the handler failed: {message}");
        }
        CallError::Trap { detail, .. } => tracing::error!(request = %id, route, %detail, "{error}"),
        CallError::Overloaded => {
            tracing::warn!(request = %id, route, "{error}");
            return Refusal::Overloaded { retry_after: 1 };
        }
        CallError::Deadline(_) => {
            tracing::error!(request = %id, route, "{error}");
            return Refusal::DeadlineExceeded;
        }
        CallError::BadReply(_) | CallError::Instantiate(_) => {
            tracing::error!(request = %id, route, "{error}");
        }
    }
    Refusal::Failed
}
