//! A request's way through the host. This file alone knows the order of the rooms;
//! each takes one type and returns the next, and a request may leave from any of
//! them with a [`Refusal`].

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, EXPECT};
use hyper::http::request::Parts;
use hyper::{Method, Request, Version};
use spikard_wasm_app::{App, Call, Hit, Refusal, Route};
use spikard_wasm_runtime::{Pool, Reply};

use crate::access::Access;
use crate::body::RequestBody;
use crate::docs::Docs;
use crate::failure::Failed;
use crate::hooks::Hooked;
use crate::policy::{self, Passage, StaticFiles};
use crate::request::{Head, InFlight, RequestId};
use crate::response::{self, HttpResponse};
use crate::settings::Settings;

/// What the requests of one worker share.
pub(crate) struct Pipeline {
    app: Arc<App>,
    pool: Pool,
    files: StaticFiles,
    body_timeout: Duration,
    check_replies: bool,
    docs: Option<Arc<Docs>>,
}

/// What is known of a request when it is answered.
struct Seen<'a> {
    access: Access,
    id: RequestId,
    route: Option<&'a Route>,
    passage: Option<Passage<'a>>,
}

impl Drop for Seen<'_> {
    /// hyper drops what answers a request when its client goes away.
    fn drop(&mut self) {
        let route = self.route.map(Route::name);
        self.access.give_up(&self.id, route);
    }
}

/// What the router made of a request.
enum Matched<'a> {
    /// A route with its index, and its parameters or what is wrong with them.
    Route(u32, &'a Route, Result<String, Refusal>),
    /// A path that no route has, below one where files are.
    File,
    /// A reply the router gives itself.
    Reply(HttpResponse),
}

impl Pipeline {
    pub(crate) fn new(app: Arc<App>, pool: Pool, files: StaticFiles, settings: &Settings) -> Self {
        Self {
            app,
            pool,
            files,
            body_timeout: settings.body_timeout,
            check_replies: settings.check_replies,
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
        let (parts, incoming) = request.into_parts();
        let is_head = parts.method == Method::HEAD;
        let is_http1 = parts.version < Version::HTTP_2;
        let mut body = RequestBody::new(incoming, parts.headers.contains_key(EXPECT));
        let mut seen = Seen {
            access: Access::begin(&parts.method, &parts.uri),
            id: RequestId::next(),
            route: None,
            passage: None,
        };
        let answer = self.answer(parts, &mut body, peer, &mut seen);
        let answer = AssertUnwindSafe(answer).catch_unwind();
        let answer = answer.await.unwrap_or_else(|_| {
            tracing::error!(request = %seen.id, "the host itself failed; this is a defect of spikard-wasm");
            Err(Refusal::Failed)
        });
        let response = answer.unwrap_or_else(response::of_refusal);
        let response = match seen.passage.take() {
            Some(passage) => passage.finish(response).await,
            None => response,
        };
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
        let route = seen.route.map(Route::name);
        seen.access.end(&seen.id, route, &response);
        response
    }

    async fn answer<'a>(
        &'a self,
        parts: Parts,
        body: &mut RequestBody,
        peer: SocketAddr,
        seen: &mut Seen<'a>,
    ) -> Result<HttpResponse, Refusal> {
        if let Some((passage, answer)) = policy::preflight(&self.app, &parts, &mut seen.id) {
            seen.passage = Some(passage);
            return answer;
        }
        let found = match self.route(&parts) {
            Err(Refusal::NotFound) if self.app.mount(parts.uri.path()).is_some() => {
                Ok(Matched::File)
            }
            found => found,
        };
        let (policies, number) = match &found {
            Ok(Matched::Route(index, route, _)) => {
                seen.route = Some(route);
                (route.policies(), *index)
            }
            _ => (self.app.policies(), u32::MAX),
        };
        seen.passage = policies.map(|policies| Passage::begin(policies, &parts, &mut seen.id));
        let found = found?;
        if let Some(passage) = &mut seen.passage
            && !matches!(found, Matched::Reply(_))
        {
            passage.admit(&parts, peer, number)?;
        }
        let (index, route, params) = match found {
            Matched::Reply(response) => return Ok(response),
            Matched::File => return self.files.answer(&self.app, &parts).await,
            Matched::Route(index, route, params) => (index, route, params),
        };
        let id = seen.id.clone();
        let request = Arc::new(InFlight::new(parts, peer, id.clone()));
        for (key, value) in seen.passage.iter_mut().flat_map(Passage::take_local) {
            request.local.preset(key, value);
        }
        if !route.hooks().is_empty() {
            let mut hooked = Hooked::new(&self.pool, (index, route), &request, self.check_replies);
            let outcome = self.answer_hooked(&mut hooked, params, body).await;
            return hooked.finish(outcome).await;
        }
        let call = self.check(index, route, params, body, &request).await?;
        let reply = self.pool.call(&call, request, route.timeout()).await;
        reply
            .and_then(|reply| response::of_route(reply, route, self.check_replies))
            .map_err(|error| Failed::of_call(error, &id, route).into_refusal())
    }

    /// The way of a request whose route has hooks.
    async fn answer_hooked(
        &self,
        hooked: &mut Hooked<'_>,
        params: Result<String, Refusal>,
        body: &mut RequestBody,
    ) -> Result<Reply, Failed> {
        if let Some(reply) = hooked.before_body().await? {
            return Ok(reply);
        }
        let (index, route) = hooked.route;
        let call = self
            .check(index, route, params, body, hooked.request)
            .await?;
        hooked.handle(&call).await
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
            Hit::Redirect { to } => Matched::Reply(response::of_redirect(&to, parts.uri.query())),
        });
        match (&self.docs, found) {
            (Some(docs), Err(Refusal::NotFound)) => docs.answer(parts).map(Matched::Reply),
            (_, found) => found,
        }
    }

    /// Reads the body and checks it and the parameters: what is left is a call that
    /// keeps the route's contract.
    async fn check(
        &self,
        index: u32,
        route: &Route,
        params: Result<String, Refusal>,
        body: &mut RequestBody,
        request: &InFlight,
    ) -> Result<Call, Refusal> {
        let content_type = request.parts.headers.get(CONTENT_TYPE);
        let content_type = content_type.map(|value| value.as_bytes());
        let plan = match route.body().plan(content_type) {
            // What type nothing is does not matter.
            Err(Refusal::UnsupportedMediaType) if body.has_ended() => route.body().plan(None)?,
            plan => plan?,
        };
        let (limit, timeout) = (route.body_limit(), self.body_timeout);
        let checked = match plan.boundary() {
            Some(boundary) if !body.has_ended() => {
                let form = body.read_form(boundary, limit, timeout).await?;
                plan.read_form(form)
            }
            _ => {
                let bytes = body.read(limit, timeout).await?;
                request.has_body(bytes.clone());
                plan.read(bytes).map(|body| (body, Vec::new()))
            }
        };
        let (params, (body, files)) = both(params, checked)?;
        request.has_files(files);
        Ok(Call {
            route: index,
            params,
            body,
        })
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
